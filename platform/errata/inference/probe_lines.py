"""A thousand lines of what tokenizers differ in: scripts, digits, blanks, signs, code, and pieces of their own."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase as Tokenizer

LINES = 1000
_SEED = 270
_SCRIPTS = """
abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ àâçéèêëîïôùûüÿñœæßäöåøšžčćđłńśźőű
абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґ αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώ אבגדהוזחטיכלמנסעפצקרשת
ابتثجحخدذرزسشصضطظعغفقكلمنهوي अआइईउऊएऐओऔकखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह กขคงจฉชซญดตถทนบปผฝพฟภมยรลวศสหอ
的一是不了人我在有他这中大来上国和地到以说时要就出会可也你对生能而子那得于着下自之年
あいうえおかきくけこさしすせそアイウエオカキクケコ 가나다라마바사아자차카타파하한국어
"""
_WORDS = """
the and of to today we talk about money gardens soil weather question audience chapter minutes internationalisation
don't I'm you're we've she'll they'd it's DON'T und nicht über für größer straße le l'été n'est aujourd'hui que los
está mañana não ação и не что это как для とは です 我们 今天 讨论 한국 مرحبا שלום नमस्ते สวัสดี
"""
_SIGNS = """
😀 👍🏽 👩‍👩‍👧‍👦 🇩🇪 ❤️ 🏳️‍🌈 1️⃣ 🫠 ✓ → … “quoted” ½ № € e\u0301 ﬁ
</s> <s> <bos> <unk> [INST] <|im_start|> <|endoftext|> <0x0A>
"""
_CODE = """
def f(x): return x**2
if (a != b) { c += 1; }
<div class='x'>
{{ x }}
https://example.org/a?b=1&c=%20
C:\\temp\\x.txt
SELECT * FROM t;
// --- === ***
#include <a.h>
x[i]->y == 0xDEADBEEF
a_b_c camelCase \\n
"""
_BLANKS = (" ", "  ", "   ", "\t", "\t\t", "        ", "\u00a0", "\u3000", "\n", "\n\n", "\r\n", " \n", "\n  ")


def probe_lines(tokenizer: Tokenizer) -> list[str]:
    """The same for the same vocabulary; half of them are made of its own pieces, so that its merges meet."""
    draw = Random(_SEED)
    makers = (_letters, _words, _numbers, _mixture)
    lines = [makers[number % len(makers)](draw) for number in range(LINES // 2)]
    size = len(tokenizer)  # which is counted each time it is asked
    return lines + [_pieces(draw, tokenizer, size) for _ in range(LINES - len(lines))]


def _letters(draw: Random) -> str:
    return " ".join(
        "".join(draw.choices(draw.choice(_SCRIPTS.split()), k=draw.randint(1, 12))) for _ in range(draw.randint(1, 8))
    )


def _words(draw: Random) -> str:
    words = [draw.choice((str, str.title, str.upper))(draw.choice(_WORDS.split())) for _ in range(draw.randint(2, 12))]
    return "".join(word + draw.choice((" ", " ", " ", ", ", ". ", "? ", "-", "")) for word in words)


def _numbers(draw: Random) -> str:
    number = draw.randint(0, 10 ** draw.randint(1, 9))
    clock = f"[{draw.randint(0, 9):02}:{draw.randint(0, 59):02}:{draw.randint(0, 59):02}]"
    forms = (str(number), f"{number:,}", f"{number / 100:.2f}", clock, f"{number % 100} %", f"${number}", f"-{number}")
    return draw.choice((" ", "", "  ")).join(draw.choices(forms, k=draw.randint(1, 5)))


def _mixture(draw: Random) -> str:
    kinds = (_WORDS.split(), _SIGNS.split(), _CODE.strip().splitlines(), _BLANKS)
    return "".join(draw.choice(draw.choice(kinds)) for _ in range(draw.randint(1, 12)))


def _pieces(draw: Random, tokenizer: Tokenizer, size: int) -> str:
    numbers = [draw.randrange(size) for _ in range(draw.randint(1, 12))]
    return str(tokenizer.decode(numbers, skip_special_tokens=True)).replace("\ufffd", "")
