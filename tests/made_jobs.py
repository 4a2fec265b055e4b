"""A plugin with jobs for tests of executors."""

from __future__ import annotations

JOBS = '''
import os, signal, subprocess, sys, time
from pathlib import Path
import mlfw

def echo(job, context):
    return {"got": job.arguments, "pid": os.getpid(), "threads": context.threads,
            "visible": os.environ.get("CUDA_VISIBLE_DEVICES")}

def count(job, context):
    """Count the attempts in the job's folder; end the worker in the first ones."""
    folder = Path(job.folder)
    folder.mkdir(parents=True, exist_ok=True)
    number = len(list(folder.iterdir())) + 1
    (folder / str(number)).touch()
    if number <= job.arguments["ends"]:
        os.kill(os.getpid(), job.arguments["signal"])
        time.sleep(60)
    return number

def tell(job, context):
    print("printed")
    for number in range(3):
        context.tell({"number": number})

def wait(job, context):
    """Wait to be stopped, with a child; save in the folder, and end."""
    child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
    Path(job.folder, f"{job.label}.pid").write_text(f"{os.getpid()} {child.pid}")
    while not context.stopping():
        time.sleep(0.01)
    Path(job.folder, f"{job.label}.saved").touch()
    raise mlfw.StopRequested

def busy(job, context):
    """Compute for some seconds in code that lets no other thread run."""
    start = time.perf_counter()
    sum(range(10_000_000))
    each = time.perf_counter() - start
    return sum(range(int(10_000_000 * job.arguments["seconds"] / each)))

def crash(job, context):
    raise ValueError("no luck")

def refuse(job, context):
    raise mlfw.UserError("that cannot be", "Do this.")

def no_json(job, context):
    return object()

@mlfw.hookimpl
def mlfw_jobs():
    names = ["echo", "count", "tell", "wait", "busy", "crash", "refuse", "no_json"]
    return {name: f"made_plugin:{name}" for name in names}
'''
