# A headless Chromium that a test drives by its DevTools protocol, over a pipe.
# SPDX-License-Identifier: BSD-3-Clause
import base64
import json
import os
import select
import subprocess
import time

OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
           "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe", "about:blank")


class Browser:
    """One page; said: what its console and its policy complained of."""

    def __init__(self, folder):
        to_read, self.writes = os.pipe()
        self.reads, to_write = os.pipe()
        self.log = open(os.path.join(folder, "chromium.out"), "wb")

        def place():
            # The ends may lie at 3 and 4 already, the wrong way round.
            ends = os.dup(to_read), os.dup(to_write)
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self.process = subprocess.Popen(
            ["chromium", f"--user-data-dir={folder}/profile", *OPTIONS], close_fds=False, preexec_fn=place,
            stdout=self.log, stderr=self.log, env={**os.environ, "HOME": folder})
        os.close(to_read)
        os.close(to_write)
        self.buffer, self.n, self.session, self.said = b"", 0, None, []
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(t for t in targets if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")

    def _next(self, limit_s):
        """One message, or None when the time is up."""
        end = time.monotonic() + limit_s
        while b"\0" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.reads], [], [], left)[0]:
                return None
            more = os.read(self.reads, 1 << 20)
            assert more, "chromium has ended"
            self.buffer += more
        text, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(text)

    def _hear(self, message):
        params = message.get("params", {})
        if message.get("method") == "Runtime.exceptionThrown":
            self.said.append(str(params["exceptionDetails"].get("exception", params)))
        elif message.get("method") == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.said.append(str(params["args"]))
        elif message.get("method") == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.said.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")

    def call(self, method, **params):
        self.n += 1
        message = {"id": self.n, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writes, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next(30)
            assert answer, f"chromium does not answer {method}"
            if answer.get("id") == self.n:
                assert "error" not in answer, answer
                return answer["result"]
            self._hear(answer)

    def ask(self, expression):
        """The value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def until(self, expression, limit_s=20):
        """Wait until it is true in the page."""
        end = time.monotonic() + limit_s
        while not self.ask(expression):
            assert time.monotonic() < end, f"not true after {limit_s} s: {expression}: {self.ask('document.body.innerText')[:2000]}"
            select.select([], [], [], 0.05)

    def go(self, url):
        self.call("Page.navigate", url=url)

    def look(self, width, height, scheme="light"):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def shoot(self, path, is_whole=True):
        """The whole page as a picture, or what the window shows of it."""
        data = self.call("Page.captureScreenshot", captureBeyondViewport=is_whole)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()
