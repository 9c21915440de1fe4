# Real TCP from one namespace to another through a side.
# SPDX-License-Identifier: BSD-3-Clause
import json
import time

from lab import Process, SideError, run

REACH_S = 8
SERVER = "10.77.0.2"
TCP_S = 1  # iperf3 takes whole seconds


def reach(side):
    """Until the client reaches the server."""
    end = time.monotonic() + REACH_S
    while "1 received" not in run("ip", "netns", "exec", "gen", "ping", "-c", "1", "-W", "1", SERVER, check=False):
        side.check()
        if time.monotonic() > end:
            raise SideError(f"{side.name}: no ping comes back within {REACH_S} s")


def transfer(ctx, side, n_streams=1, offloads="on"):
    """One round: bits per second that the server received."""
    ctx.lab.hosts("10.77.0.1/24", f"{SERVER}/24", offloads)
    server = client = None
    try:
        side.start()
        reach(side)
        server = Process("iperf-server", "far", "iperf3", "-s", "-1", "-B", SERVER, "--forceflush")
        server.wait_said("Server listening", 5)
        # Not pinned: on both sides the two hosts' stacks use whichever core is free.
        seconds = max(TCP_S, round(ctx.duration))
        client = Process("iperf-client", "gen", "iperf3", "-c", SERVER, "-t", str(seconds), "-P", str(n_streams), "-J")
        client.wait_end(seconds + 20)
        side.check()
        end = json.loads(client.log())["end"]
        side.stop()
        return {"value": end["sum_received"]["bits_per_second"], "facts": side.facts,
                "retransmits": end["sum_sent"].get("retransmits"), "generator": " ".join(client.command)}
    except (ValueError, KeyError) as err:
        raise SideError(f"iperf3's report: {err}") from err
    finally:
        for process in (client, server):
            if process:
                process.kill()
        side.abandon()
