"""The README of an exported page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mlfw.errors import listing

PAGE = """\
# {name}

A web page that predicts {targets} in the browser. Nothing is installed on a server, and no value
that somebody types in leaves the browser.

| | |
| --- | --- |
{files}

## Try it

{trying}

The page has a form for one row, and takes CSV files: drop one on the page, look at the
predictions, and download them as CSV. At its foot it says whether this browser predicts made-up
rows as mlfw does.

## Put it on the web

Copy the folder `site` to any host of static files: GitHub Pages, an S3 bucket, nginx, Apache. It
needs no special headers. It must be served by `http://` or `https://`: browsers load no modules
from a disk. To try it on this computer, type

```console
python -m http.server --directory site 8000
```

and open <http://localhost:8000>.

## Put it into a site of your own

`site/predict.js` is an ES module. Copy `predict.js`, `predict.d.ts`, `model.onnx` and the four
files whose names begin with `ort` into one folder of your site, then

```html
<script type="module">
  import {{ predict }} from "./predict.js";

  const answer = await predict({row});
  console.log({printed});
</script>
```

`predictRows(rows)` predicts many rows at once. `predict.d.ts` holds the types for TypeScript. Every
column must be named; `null` stands for a missing value. Numbers, dates and truth values may be text
as in the training data. `notes` are sentences about values that do not fit their column, which
count as missing, and about categories that training never saw.

If your site has a Content Security Policy, it must allow `'wasm-unsafe-eval'` in `script-src`, and
`'self'` in `connect-src`.

## What browsers it takes

Chrome, Edge and Firefox since 2023 and Safari since 16.4. One thread is used.
{images}
## How it was checked

{checked}

`sample.json` holds the made-up rows and what mlfw predicts for them.

## Licences

ONNX Runtime Web {version} runs the model. It is under the MIT licence, `site/ort-LICENSE.txt`; the
notices of the software that it contains are in `site/ort-ThirdPartyNotices.txt`. The page shows
both at its foot; keep them where you copy the page.
"""
IMAGES = """
Images are decoded by the browser and resized as Pillow does. PNG images are as in training. JPEG
decoders differ by a level or two in some pixels, more where an image is far larger than the model
needs; colours of images with transparency, 16 bits or another colour profile may differ a little.
TIFF and PPM files cannot be read.
"""


def readme(
    description: Mapping[str, Any], files: Sequence[tuple[str, str]], note: str, version: str
) -> str:
    """Return the README in Markdown.

    Args:
        description: See `Described`.
        files: Names of what was written, each with what it is.
        note: How the model was compared with mlfw.
        version: Of ONNX Runtime Web.
    """
    single = next((name for name, _ in files if name.endswith(".html")), "")
    targets = description["targets"]
    first = json.dumps(targets[0]["name"])
    printed = "answer.prediction" if len(targets) == 1 else f"answer.targets[{first}].prediction"
    some_image = any(column["kind"] == "image" for column in description["columns"])
    return PAGE.format(
        name=_line(description["name"]),
        targets=listing(_code(target["name"]) for target in targets),
        files="\n".join(f"| `{name}` | {what} |" for name, what in files),
        trying=f"Open `{single}` in a browser: a double click is enough, and it works offline."
        if single
        else "The model is too large for a single HTML file: see below.",
        row=_row(description["columns"]),
        printed=f"{printed}, answer.notes",
        images=IMAGES if some_image else "",
        checked=note,
        version=version,
    )


def _row(columns: Sequence[Mapping[str, Any]]) -> str:
    """Return a row as a literal of JavaScript that can stand in a block of code and in HTML."""
    lines = [f"    {_key(column['name'])}: {_value(column)}," for column in columns]
    return "\n".join(["{", *lines, "  }"])


def _key(name: str) -> str:
    return f"[{_literal(name)}]" if name == "__proto__" else _literal(name)


def _value(column: Mapping[str, Any]) -> str:
    usual = column["usual"]
    if column["kind"] == "text":
        return _literal("some text")
    return _literal(usual) if usual else "null"


def _literal(text: str) -> str:
    escaped = json.dumps(text, ensure_ascii=False).replace("<", "\\u003c")
    return escaped.replace("`", "\\u0060").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _line(text: str) -> str:
    return " ".join(text.split())


def _code(text: str) -> str:
    mark, space = ("``", " ") if "`" in text else ("`", "")
    return f"{mark}{space}{_line(text)}{space}{mark}"
