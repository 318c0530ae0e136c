#!/usr/bin/env python3
"""Makes docs/images/convolve.png, the picture in the README: a terminal that trains LeNet-5, and the report of that run.

    scripts/screenshot.py [FOLDER]    # FOLDER, /tmp/convolve unless given, receives the run

Needs Debian's bsdutils (script), chromium and pngquant. Run it on an idle machine, since the picture shows the speed.
"""

import html
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMMAND = "./convolve train lenet5 --data fashion-mnist --seed 1 --out runs/fashion"
COLUMNS, WIDTH, HEIGHT = 100, 1600, 1150
COLORS = {"32": "green", "33": "yellow", "90": "gray", "1": "bold"}


def train(folder):
    """Trains in a pseudo-terminal, and returns what the terminal received."""
    os.makedirs(folder, exist_ok=True)
    shutil.rmtree(os.path.join(folder, "runs"), ignore_errors=True)
    if not os.path.lexists(os.path.join(folder, "convolve")):
        os.symlink(os.path.join(ROOT, "convolve"), os.path.join(folder, "convolve"))
    subprocess.run(["script", "-qec", f"stty cols {COLUMNS} rows 60; {COMMAND}", "terminal.log"], cwd=folder,
                   env=dict(os.environ, TERM="xterm-256color"), stdout=subprocess.DEVNULL, check=True)
    with open(os.path.join(folder, "terminal.log"), encoding="utf-8", newline="") as file:
        return file.read()


def screen(text):
    """The lines that stay on the screen, as HTML. Progress redraws its line after a carriage return, and blanks it at the end."""
    lines = []
    for line in text.split("\n")[1:]:
        line = re.sub(r"\x1b\[[\d;?]*[A-Zac-ln-z]|\x1b[=>]", "", line)
        lines.append(paint(([part for part in line.split("\r") if part] or [""])[-1].rstrip()))
    return lines[:next(i for i in range(len(lines)) if lines[i].startswith("Script done"))]


def paint(line):
    """Colors and bold type as spans."""
    result, spans = "", 0
    for i, part in enumerate(re.split(r"\x1b\[([\d;]*)m", line)):
        if i % 2 == 0:
            result += html.escape(part)
        elif part in COLORS:
            result, spans = result + f'<span class="{COLORS[part]}">', spans + 1
        else:
            result, spans = result + "</span>" * spans, 0
    return result + "</span>" * spans


def page(lines, folder):
    """The page whose picture is taken: the terminal, and the report at .685 of its size."""
    return f"""<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; width: {WIDTH}px; height: {HEIGHT}px; background: #e2e8f0; display: flex; gap: 22px; padding: 22px;
  box-sizing: border-box; }}
div {{ border-radius: 10px; overflow: hidden; box-shadow: 0 3px 12px #0003; }}
.terminal {{ flex: 0 0 816px; background: #0f172a; color: #dbe4ee; }}
.terminal pre {{ margin: 0; padding: 18px 20px; font: 12.9px/1.36 "DejaVu Sans Mono", monospace; }}
.bar {{ height: 30px; background: #1e293b; border-radius: 0; box-shadow: none; }}
.bar i {{ display: inline-block; width: 11px; height: 11px; border-radius: 50%; background: #475569; margin: 10px 0 0 10px; }}
.bold {{ font-weight: bold; color: #fff; }} .green {{ color: #4ade80; }} .gray {{ color: #64748b; }} .yellow {{ color: #facc15; }}
.report {{ flex: 1; background: #fff; }}
iframe {{ border: 0; width: 1050px; height: 1620px; transform: scale(.685); transform-origin: 0 0; }}
</style><div class="terminal"><div class="bar"><i></i><i></i><i></i></div>
<pre><span class="green">$</span> <span class="bold">{COMMAND}</span>
{chr(10).join(lines)}</pre></div>
<div class="report"><iframe src="file://{folder}/runs/fashion/report.html" scrolling="no"></iframe></div>"""


def main():
    folder = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "/tmp/convolve"
    lines = screen(train(folder))
    source, shot = os.path.join(folder, "page.html"), os.path.join(folder, "shot.png")
    target = os.path.join(ROOT, "docs/images/convolve.png")
    with open(source, "w", encoding="utf-8") as file:
        file.write(page(lines, folder))
    subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--allow-file-access-from-files",
                    f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={shot}", f"file://{source}"], check=True, stderr=subprocess.DEVNULL)
    subprocess.run(["pngquant", "--force", "--strip", "--nofs", "128", shot, "--output", target], check=True)
    print(f"{target}: {os.path.getsize(target) // 1024} KiB")


if __name__ == "__main__":
    main()
