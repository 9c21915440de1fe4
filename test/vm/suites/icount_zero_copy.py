# Instructions per packet of AF_XDP zero-copy on virtio_net, which needs a newer kernel than the other rows.
# SPDX-License-Identifier: BSD-3-Clause
from suites import icount


def run(lab):
    icount.show(lab, icount.measure(lab, icount.chosen("icount-zero-copy", lab.options.rows), with_softirqs=True))
