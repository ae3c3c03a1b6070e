"""XML from outside."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from errata.errors import BadInput


def parse_xml(text: str) -> Element:
    """The root element. Raises BadInput with line and column; what defines entities of its own is refused."""
    # late: a page in a browser, which has no libraries, reads everything but XML
    from defusedxml import DefusedXmlException, ElementTree

    try:
        # a str: what its declaration says of bytes is past
        root: Element = ElementTree.fromstring(text.lstrip())
    except DefusedXmlException as problem:
        raise BadInput("it defines entities of its own, which are not read; export it again without them") from problem
    except (ElementTree.ParseError, ValueError) as problem:
        raise BadInput("not XML ({}); it is broken or cut off: export it again", problem) from problem
    return root


def local_name(element: Element) -> str:
    """An element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]
