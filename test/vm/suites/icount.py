# Instructions per packet, kernel included: every path on every device, dpdk-testpmd and the bridge beside them.
# SPDX-License-Identifier: BSD-3-Clause
import dataclasses
import fnmatch
import functools

import figures
from count import SEED, Counter, Row
from kernel import Missing

SIZES = (60, 1514)
MODES = {
    "af_packet-socket": "driver = af_packet; mode = socket",
    "af_packet-mmap": "driver = af_packet; mode = mmap",
    "af_xdp-skb": "driver = af_xdp; mode = skb; strict = yes",
    "af_xdp-native": "driver = af_xdp; mode = copy; strict = yes",
    "af_xdp-zerocopy": "driver = af_xdp; mode = zerocopy; strict = yes",
    "pcap-live": "driver = pcap; mode = live",
    "tap": "driver = tap",
    "ring": "driver = ring",
    "dpdk": "driver = dpdk",
}
NULL = "driver = null"
FILE = "driver = pcap; device = {}"
MEMIF = 'device = "net_memif{},role={},socket={}/run/memif.sock,socket-abstract=no"'
VHOST = "/run/vhost.sock"
LINK_LIMIT_S = 120
NICS = {"virtio": ("v0", "v1"), "e1000e": ("e0", "e1"), "vmxnet3": ("x0", "x1")}


def loop(path, device, size, a, b, **options):
    """Between two devices, the ends of a wire."""
    mode = MODES[path]
    return Row(path, device, size, f"{mode}; {a}", f"{mode}; {b}", **options)


def on_nic(path, nic, size, **options):
    a, b = NICS[nic]
    # vmxnet3 has a queue for each processor, of which there is one.
    return loop(path, nic, size, f"device = {{{a}}}", f"device = {{{b}}}", need=(a, b), **options)


def in_memory(size, gate):
    """What no device takes part in; memory is all the same to it, so that most need one size only."""
    source = f"{NULL}; frame_bytes = {size}"
    count = 200000 if size < 200 else 40000
    yield Row("null", "", size, source, NULL, kind="source", is_gate=gate)
    yield loop("ring", "", size, "device = wire", "device = wire", is_gate=gate)
    yield Row("pcap-read", "file", size, FILE.format(SEED + "; mode = read; loop = yes; pace = max"), NULL,
              kind="source", is_gate=gate)
    # No gate: it differs from boot to boot, by 2 %.
    yield Row("pcap-write", "file", size, f"{source}; count = {count}", FILE.format("/run/out.pcap; mode = write"),
              kind="source")
    # net_virtio_user waits for its first vhost side before net_vhost is started: that one is another, which goes.
    yield loop("dpdk", "vhost", size, f'device = "net_virtio_user0,path={VHOST},server=1"',
               f'device = "net_vhost0,iface={VHOST},client=1"', peer_socket=VHOST)
    yield loop("dpdk", "memif", size, MEMIF.format(0, "server", ""), MEMIF.format(1, "client", "/run/.."), is_gate=gate)


def on_veth(size):
    for path in ("af_packet-socket", "af_packet-mmap", "af_xdp-skb", "af_xdp-native", "pcap-live"):
        yield loop(path, "veth", size, "device = va", "device = vb", is_gate=size == 60 or path == "af_packet-mmap")
    yield loop("tap", "bridge", size, "device = ta", "device = tb", is_gate=size == 60)
    for path in ("bridge", "kernel-tc", "kernel-xdp"):
        yield Row(path, "veth", size, f"{NULL}; count = 20000; frame_bytes = {size}",
                  "driver = af_packet; mode = socket; device = va", kind="between")


def testpmd(device, size, words, **options):
    return Row("testpmd", device, size, words, kind="testpmd", is_vfio=True, **options)


def every():
    rows = []
    for size in SIZES:
        rows += [*in_memory(size, size == 60), *on_veth(size)]
    for path, nic in (("af_packet-mmap", "virtio"), ("af_packet-mmap", "e1000e"), ("af_packet-mmap", "vmxnet3"),
                      ("af_xdp-skb", "e1000e"), ("af_xdp-native", "virtio"), ("af_xdp-native", "vmxnet3")):
        rows.append(on_nic(path, nic, 60))
    rows.append(testpmd("null", 60, "--no-pci --vdev=net_null0,size=60 --vdev=net_null1,size=60"))
    rows.append(Row("dpdk", "null", 60, 'driver = dpdk; device = "net_null0,size=60"',
                    'driver = dpdk; device = "net_null1,size=60"', kind="source", is_gate=True))
    rows.append(testpmd("memif", 60, "--no-pci --vdev=net_memif0,role=server,socket=/run/memif.sock,socket-abstract=no "
                        "--vdev=net_memif1,role=client,socket=/run/../run/memif.sock,socket-abstract=no"))
    for size in SIZES:
        for nic, (a, b) in NICS.items():
            rows.append(on_nic("dpdk", nic, size, is_vfio=True, is_gate=(nic, size) == ("e1000e", 60)))
            rows.append(testpmd(nic, size, f"-a {{{a}}} -a {{{b}}}", need=(a, b)))
    return rows


ROWS = every()
ZERO_COPY = [dataclasses.replace(row, device="virtio") for row in
             (on_nic("af_xdp-zerocopy", "virtio", size) for size in SIZES)]
GATE = [row for row in ROWS if row.is_gate]
BY_SUITE = {"icount": ROWS, "icount-zero-copy": ZERO_COPY, "icount-gate": GATE}


def chosen(suite, patterns):
    """The suite's rows whose names the patterns fit; all without patterns."""
    return [row for row in BY_SUITE.get(suite, []) if not patterns
            or any(fnmatch.fnmatchcase(row.name, pattern) for pattern in patterns)]


def prepare(lab, rows):
    """NICs to what drives them, where it changes; those of the kernel's drivers have a link then."""
    for row in rows:
        if row.is_vfio:
            lab.vfio(*row.need)
        else:
            for interface in lab.kernel(*row.need):
                lab.guest.until(f"{interface}'s link", functools.partial(has_link, lab.guest, interface), LINK_LIMIT_S)


def has_link(guest, interface):
    return guest.read(f"/sys/class/net/{interface}/carrier").strip() == "1"


def measure(lab, rows, with_softirqs=False):
    """[(row, figure)], in order, of those that could be measured; a case for each."""
    counter, found = Counter(lab), []
    counter.make_wires()
    if any(row.is_eal for row in rows):
        counter.keep_pmds()
    try:
        for row in rows:
            with lab.case(row.name):
                prepare(lab, [row])
                found.append((row, counter.measure(row)))
        if with_softirqs:
            add_softirqs(lab, counter, found)
    finally:  # a guest that is lost takes no figures with it
        if lab.options.figures:
            figures.save(lab.options.figures, document(lab, found))
    return found


def document(lab, found):
    return figures.document({"kernel": lab.guest.kernel.version}, found)


def add_softirqs(lab, counter, found):
    """The rows once more, beside the witness: NICs go back to the kernel for it. Not those of PMDs, which have no
    softirqs, and the longest start-up of all."""
    rows = [(row, figure) for row, figure in found if not row.is_eal]
    with lab.case("softirqs"):
        if not rows:
            raise Missing("none of these rows may have softirqs")
        prepare(lab, [row for row, _ in rows])
        counter.begin_witness()
        try:
            for row, figure in rows:
                with lab.case(f"{row.name}-softirqs"):
                    counter.add_softirqs(row, figure)
        finally:
            counter.end_witness()


def run(lab):
    show(lab, measure(lab, chosen("icount", lab.options.rows), with_softirqs=True))


def show(lab, found):
    print(figures.table([document(lab, found)]), flush=True)
