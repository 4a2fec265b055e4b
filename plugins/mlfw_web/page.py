"""Putting the page together: modules, styles and the policy that no request leaves the browser."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ASSETS = Path(__file__).parent / "assets"
MODEL_MODULES = ("values.js", "rows.js", "encode.js", "images.js", "model.js")
PAGE_MODULES = (*MODEL_MODULES, "csv.js", "page.js")
SERVED_MODULES = ("values.js", "rows.js", "served.js", "csv.js", "page.js")
IN_BROWSER = "Everything is computed in this browser; nothing is sent anywhere."
BY_SERVICE = "Values are sent to the service that this page came from, and to nobody else."
API = '<p><a href="docs">How to ask this service from a program</a></p>'
LICENCES = """<details id="licences">
<summary>ONNX Runtime Web runs the model: licence and third-party notices</summary>
<pre tabindex="0" aria-label="Licences"></pre>
</details>"""
IMPORT = re.compile(r'^import \{[^}]*\} from "\./[a-z]+\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?function|const|class)", re.MULTILINE)
PUBLIC = "export { PredictionError, check, columns, predict, predictRows, ready, targets };\n"
DATA = '<script type="application/octet-stream" id="{}">'
LEVEL = 7  # as small as 9 within a percent, in half the time


@dataclass(frozen=True)
class Page:
    """The texts of the page.

    Attributes:
        title: The heading.
        lead: The sentence below it.
        about: Lines about the model for the foot of the page.
        description: What the scripts must know; see `Described`.
    """

    title: str
    lead: str
    about: tuple[str, ...]
    description: Mapping[str, Any]

    def module(self) -> str:
        """Return `predict.js`, a module for other sites."""
        return self._script("site.js", MODEL_MODULES) + PUBLIC

    def script(self) -> str:
        """Return `page.js` of the folder."""
        return self._script("site.js", PAGE_MODULES)

    def index(self) -> str:
        """Return `index.html` of the folder."""
        policy = _policy("'self'", "'self'", "'self'")
        return self._html(
            policy,
            '<link rel="stylesheet" href="page.css">',
            '<script type="module" src="page.js"></script>\n'
            '<p id="unserved" class="failure">If nothing loads, this page was opened from a disk: '
            "put the folder on a web server, or open the single HTML file instead.</p>",
        )

    def single(self, runtime: bytes, binary: bytes, model: bytes, licences: bytes) -> str:
        """Return the page as one HTML file.

        Args:
            runtime: The script of ONNX Runtime Web, gzipped.
            binary: Its WebAssembly, gzipped.
            model: The model, gzipped.
            licences: The licence and the notices of ONNX Runtime Web, gzipped.
        """
        script, style = f"\n{self._script('single.js', PAGE_MODULES)}", f"\n{styles()}"
        policy = _policy(f"{_hash(script)} blob:", _hash(style), "'none'")
        parts = {"runtime": runtime, "wasm": binary, "model": model, "licence-texts": licences}
        data = "\n".join(
            f"{DATA.format(name)}{_base64(content)}</script>" for name, content in parts.items()
        )
        code = f'<script type="module">{script}</script>'
        return self._html(policy, f"<style>{style}</style>", f"{data}\n{code}")

    def served(self) -> tuple[str, str]:
        """Return `index.html` and `page.js` of a page that asks the service it came from."""
        policy = _policy("'self'", "'self'", "'self'").replace(" 'wasm-unsafe-eval'", "")
        page = self._html(
            policy,
            '<link rel="stylesheet" href="page.css">',
            '<script type="module" src="page.js"></script>',
            where=BY_SERVICE,
            licences=API,
        )
        return page, self._script("", SERVED_MODULES)

    def _html(
        self,
        policy: str,
        style: str,
        script: str,
        *,
        where: str = IN_BROWSER,
        licences: str = LICENCES,
    ) -> str:
        texts = {
            "WHERE": html.escape(where),
            "LICENCES": licences,
            "POLICY": html.escape(policy),
            "TITLE": html.escape(self.title),
            "HEADING": html.escape(self.title),
            "LEAD": html.escape(self.lead),
            "STYLE": style,
            "ABOUT": "\n".join(f"<p>{html.escape(line)}</p>" for line in self.about),
            "SCRIPT": script,
        }
        template = (ASSETS / "page.html").read_text(encoding="utf-8")
        return re.sub("@([A-Z]+)@", lambda found: texts[found[1]], template)

    def _script(self, assets: str, modules: tuple[str, ...]) -> str:
        parts = [(ASSETS / name).read_text(encoding="utf-8") for name in (assets, *modules) if name]
        code = "\n".join(EXPORT.sub("", IMPORT.sub("", part)) for part in parts)
        return f"const description = JSON.parse({script_text(self.description)});\n{code}"


def styles() -> str:
    """Return the style sheet."""
    return (ASSETS / "page.css").read_text(encoding="utf-8")


def embedded(page: str, name: str) -> bytes:
    """Return a part of a single HTML file, unpacked.

    Args:
        page: The file.
        name: `runtime`, `wasm`, `model` or `licence-texts`.
    """
    _, _, rest = page.partition(DATA.format(name))
    return gzip.decompress(base64.b64decode(rest.partition("<")[0]))


def packed(content: bytes) -> bytes:
    """Return bytes gzipped, the same each time."""
    return gzip.compress(content, LEVEL, mtime=0)


def script_text(value: Any) -> str:
    """Return JSON data as a literal of JavaScript that holds no `<` and can stand in HTML."""
    text = json.dumps(json.dumps(value, ensure_ascii=False, allow_nan=False))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _hash(text: str) -> str:
    return f"'sha256-{_base64(hashlib.sha256(text.encode()).digest())}'"


def _policy(script: str, style: str, connect: str) -> str:
    return (
        f"default-src 'none'; script-src {script} 'wasm-unsafe-eval'; style-src {style}; "
        f"img-src blob: data:; connect-src {connect}; base-uri 'none'; form-action 'none'"
    )
