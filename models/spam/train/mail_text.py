"""What somebody wrote in a mail: its subject and its text, without other headers, quoted lines and the footers of lists."""

import email
import re
from email.header import decode_header
from email.message import Message
from html.parser import HTMLParser

BLOCKS = {"br", "p", "div", "tr", "td", "th", "li", "table", "h1", "h2", "h3", "h4", "hr", "title", "option"}
UNSEEN = {"script", "style"}
# Beyond these no mail is read: a model reads far less.
MOST_CHARACTERS = 20_000
# [list] and answers' marks, which a form does not have, and which would say from where a mail is.
MARKS = re.compile(r"^\s*(?:(?:re|fwd?|aw|sv|antwort)\s*(?:\[\d+\])?:|\[[^\]]{1,40}\]|\*+spam\*+)\s*", re.IGNORECASE)
# A signature, or a mail that is passed on; or a line before a list or a provider speaks.
FOOTER = re.compile(r"^(?:-- ?|-{3,} ?(?:original|forwarded) message ?-{3,}|-=-.*|\* \* \*)$", re.IGNORECASE)
RULE = re.compile(r"^(?:[_=-]{15,})?$")
FOOTER_WORDS = re.compile(
    r"mailing list$|^to unsubscribe|^this sf\.net email|^do you yahoo|^sponsored by|msn photos|^get your free|hotmail\.com$|^https?://\S*(?:listinfo|mailman)\S*$",
    re.IGNORECASE,
)
HEADER = re.compile(r"^\s*(?:from|to|cc|date|sent|subject|url|reply-to|message-id):(?:\s|$)", re.IGNORECASE)
QUOTED = re.compile(r"^\s*(?:[>|:]|\w{1,3}>)")
INTRODUCES = re.compile(r"^.{0,120}\b(?:wrote|writes|said|schrieb):?\s*$")


def read_mail(raw: bytes) -> Message:
    return email.message_from_bytes(raw.removeprefix(b"\n"))


def subject_of(mail: Message) -> str:
    subject = header(mail, "Subject")
    while (without := MARKS.sub("", subject)) != subject:
        subject = without
    return " ".join(subject.split())


def header(mail: Message, name: str) -> str:
    try:
        parts = decode_header(str(mail.get(name) or ""))
        return "".join(part if isinstance(part, str) else as_text(part, charset) for part, charset in parts)
    except (email.errors.HeaderParseError, ValueError):
        return str(mail.get(name))


def text_of(mail: Message) -> str:
    """Its subject, an empty line, and what it says."""
    return f"{subject_of(mail)}\n\n{body_of(mail)}".strip()


def body_of(mail: Message) -> str:
    plain, html = [], []
    for part in mail.walk():
        kind = part.get_content_type()
        if part.is_multipart() or kind not in ("text/plain", "text/html") or part.get_filename():
            continue
        content = as_text(part.get_payload(decode=True) or b"", part.get_content_charset())
        is_html = kind == "text/html" or re.match(r"\s*<(?:!doctype|html)", content, re.IGNORECASE)
        (html if is_html else plain).append(content)
    of_html = own_words("\n".join(map(text_of_html, html)))
    of_plain = own_words("\n".join(plain))
    # Beside what a page says the other part may only say that it is a page.
    return (of_html if len(of_html) > 2 * len(of_plain) else of_plain)[:MOST_CHARACTERS]


def as_text(content: bytes, charset: str | None) -> str:
    try:
        return content.decode(charset or "latin-1")
    except (LookupError, UnicodeDecodeError):
        return content.decode("latin-1")


def own_words(text: str) -> str:
    """Neither what is quoted, nor lines that are headers, nor what follows the text."""
    kept: list[str] = []
    lines = [line.rstrip() for line in text.replace("\r", "").split("\n")]
    for place, line in enumerate(lines):
        if any(kept) and is_end(line, lines[place + 1 : place + 4]):
            break
        if QUOTED.match(line):
            while kept and (not kept[-1].strip() or INTRODUCES.match(kept[-1])):
                kept.pop()
        elif not HEADER.match(line):
            kept.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def is_end(line: str, following: list[str]) -> bool:
    if FOOTER.match(line) or FOOTER_WORDS.search(line):
        return True
    return len(line) > 0 and RULE.match(line) is not None and any(map(FOOTER_WORDS.search, following))


def text_of_html(html: str) -> str:
    reader = _HtmlText()
    reader.feed(html)
    return re.sub(r"[ \t\xa0]+", " ", "".join(reader.found))


class _HtmlText(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag, attributes) -> None:
        self._unseen += tag in UNSEEN
        if tag in BLOCKS:
            self.found.append("\n")

    def handle_endtag(self, tag) -> None:
        self._unseen = max(0, self._unseen - (tag in UNSEEN))
        if tag in BLOCKS:
            self.found.append("\n")

    def handle_data(self, data) -> None:
        if not self._unseen:
            self.found.append(data)
