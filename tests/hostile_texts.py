"""Texts that want to be a page's own code: whatever of them runs calls `hacked`, by which it is seen.

For each place where a page may put a text: between tags, in an attribute of either quote or none, in an address, in a
script, a style or a comment, in JSON within a page, in SVG, and where a parser changes its mind (mXSS).
"""

from __future__ import annotations

BETWEEN_TAGS = (
    "<script>hacked(1)</script>",
    "<ScRiPt/x>hacked(1)</sCrIpT >",
    "</title><script>hacked(1)</script>",
    "</textarea><script>hacked(1)</script>",
    "</style><script>hacked(1)</script>",
    "<!--><script>hacked(1)</script>-->",
    "<img src=x onerror=hacked(1)>",
    "<img/src/onerror=hacked(1)>",
    "<svg onload=hacked(1)>",
    "<svg><script>hacked(1)</script></svg>",
    "<svg><animate onbegin=hacked(1) attributeName=x dur=1s>",
    "<body onload=hacked(1)>",
    "<details open ontoggle=hacked(1)>",
    "<video><source onerror=hacked(1)></video>",
    "<input autofocus onfocus=hacked(1)>",
    "<iframe srcdoc='<script>parent.hacked(1)</script>'>",
    "<iframe src=javascript:parent.hacked(1)>",
    "<object data='data:text/html,<script>parent.hacked(1)</script>'>",
    "<meta http-equiv=refresh content='0;url=javascript:hacked(1)'>",
    "<base href='https://evil.test/'>",
    "<form action=/sign-out method=post><button autofocus>free</button></form>",
    "<link rel=stylesheet href=https://evil.test/x.css>",
    "<style>@import 'https://evil.test/x.css';</style>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=hacked(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=hacked(1)>'>",
    "<template><script>hacked(1)</script></template>",
    "<xmp><script>hacked(1)</script></xmp>",
    "<plaintext>",
    "&lt;script&gt;hacked(1)&lt;/script&gt;",
    "&#60;script&#62;hacked(1)&#60;/script&#62;",
    "＜script＞hacked(1)＜/script＞",
    "<scr\u00adipt>hacked(1)</scr\u00adipt>",
)
IN_ATTRIBUTES = (
    '"><script>hacked(1)</script>',
    "'><script>hacked(1)</script>",
    '" autofocus onfocus="hacked(1)',
    "' autofocus onfocus='hacked(1)",
    "x autofocus onfocus=hacked(1) ",
    "` onmouseover=hacked(1) ",
    '" style="background:url(javascript:hacked(1))',
    '" srcdoc="<script>parent.hacked(1)</script>',
    "/onerror=hacked(1)//",
)
IN_ADDRESSES = (
    "javascript:hacked(1)",
    "JaVaScRiPt:hacked(1)",
    "java\tscript:hacked(1)",
    " javascript:hacked(1)",
    "javascript://%0ahacked(1)",
    "data:text/html,<script>hacked(1)</script>",
    "vbscript:hacked(1)",
    "//evil.test/x",
    "../../sign-out",
    "%2e%2e%2fsign-out",
    "?next=javascript:hacked(1)",
    "#<img src=x onerror=hacked(1)>",
)
IN_SCRIPTS = (
    "</script><script>hacked(1)</script>",
    "<!--<script>",
    "';hacked(1);//",
    '";hacked(1);//',
    "\\';hacked(1);//",
    "${hacked(1)}",
    "`;hacked(1);`",
    "\u2028hacked(1)//",
    "\u2029hacked(1)//",
    '{"__proto__": {"x": 1}}',
    "__proto__",
    "constructor",
)
IN_TEMPLATES = (
    "{{ 7 * 7 }}",
    "{{ identity.csrf_token }}",
    "{% raw %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "%s %(x)s {0} {identity}",
    "{{constructor.constructor('hacked(1)')()}}",
)
IN_STYLES = (
    "}</style><script>hacked(1)</script>",
    "red;background:url(https://evil.test/x)",
    "expression(hacked(1))",
)
ODD = (
    "\u202egnp.exe",
    "\u200b",
    "A\u0301" * 40,
    "𝕏" * 60,
    "👩‍👩‍👧‍👦" * 20,
    "unbroken" * 40,
    "\ufeff<script>hacked(1)</script>",
    '=HYPERLINK("https://evil.test")',
    "../../../../etc/passwd",
    "CON",
    "a/b?c#d%2f%00",
)
ALL = (*BETWEEN_TAGS, *IN_ATTRIBUTES, *IN_ADDRESSES, *IN_SCRIPTS, *IN_TEMPLATES, *IN_STYLES, *ODD)
