#!/usr/bin/python3
# The guest's agent: does what the host asks, a line of JSON each way over a virtio-serial port.
# SPDX-License-Identifier: BSD-3-Clause
"""Requests {"id", "do", …}; replies {"id", …} or {"id", "error"}, in the order in which things end.

  start  argv, output           a process of its own session; output: a file below /out → {"pid"}
  wait   pid                    → {"code"} when it has ended
  kill   pid, signal
  read   path                   → {"text"}
  write  path, text
  list   path                   → {"names"}
  link   path                   → {"target"}, resolved to the end
  halt
"""

import glob
import json
import os
import subprocess
import threading
import time

PORTS = "/dev/vport*p1"
children = {}
lock = threading.Lock()


def start(request):
    with open(request["output"], "wb") as output:
        child = subprocess.Popen(request["argv"], stdin=subprocess.DEVNULL, stdout=output,
                                 stderr=subprocess.STDOUT, start_new_session=True, cwd="/tmp")
    children[child.pid] = child
    return {"pid": child.pid}


def wait(request):
    return {"code": children[request["pid"]].wait()}


def kill(request):
    children[request["pid"]].send_signal(request["signal"])
    return {}


def read(request):
    with open(request["path"], encoding="utf-8", errors="replace") as file:
        return {"text": file.read()}


def write(request):
    # One write(2): sysfs takes a value whole.
    file = os.open(request["path"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        os.write(file, request["text"].encode())
    finally:
        os.close(file)
    return {}


def names(request):
    return {"names": sorted(os.listdir(request["path"]))}


def link(request):
    return {"target": os.path.realpath(request["path"], strict=True)}


def halt(_):
    os.sync()
    with open("/proc/sysrq-trigger", "w", encoding="ascii") as file:
        file.write("o")
    return {}


VERBS = {"start": start, "wait": wait, "kill": kill, "read": read, "write": write, "list": names,
         "link": link, "halt": halt}


def answer(port, request):
    try:
        reply = VERBS[request["do"]](request)
    except (OSError, KeyError, ValueError) as error:
        reply = {"error": f"{type(error).__name__}: {error}"}
    rest = json.dumps({"id": request["id"], **reply}).encode() + b"\n"
    with lock:
        while rest:  # the port takes 32 KiB at a time
            rest = rest[port.write(rest):]


def port_path():
    """The kernel makes it some time after the module is there."""
    for _ in range(100):
        for path in glob.glob(PORTS):
            return path
        time.sleep(0.05)
    raise SystemExit(f"no {PORTS}")


def main():
    with open(port_path(), "r+b", buffering=0) as port:
        with open("/proc/uptime", encoding="ascii") as file:
            port.write(json.dumps({"id": 0, "uptime": float(file.read().split()[0])}).encode() + b"\n")
        for line in port:
            request = json.loads(line)
            if request["do"] == "wait":
                threading.Thread(target=answer, args=(port, request), daemon=True).start()
            else:
                answer(port, request)


main()
