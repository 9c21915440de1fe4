/* The table of paths: one row each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMIF(role, n)                                                              \
	"driver = dpdk\ndevice = \"net_memif" n ",role=" role ",id=0,socket=@D/m" n \
	",socket-abstract=no\"\n"
#define VHOST(n)                "driver = dpdk\ndevice = \"net_vhost" n ",iface=@D/v" n "\"\n"
#define VIRTIO(n)               "driver = dpdk\ndevice = \"net_virtio_user" n ",path=@D/v" n "\"\n"
#define PMD(driver, n, device)  "driver = dpdk\ndevice = \"" driver n ",iface=" device "\"\n"
#define AF_PACKET(device, mode) "driver = af_packet\ndevice = " device "\nmode = " mode "\n"
#define AF_XDP(device, mode)    "driver = af_xdp\ndevice = " device "\nmode = " mode "\nstrict = yes\n"

#define KERNEL(device, mode) "driver = kernel\ndevice = " device "\nmode = " mode "\nstrict = yes\n"

#define PCAP(device) "driver = pcap\ndevice = " device "\nmode = live\n"
#define SOURCE       "driver = null\nframe_bytes = @S\n"
#define SINK         "driver = null\n"

#define VETH_ROW(name_, title_, traits_, in_, out_)                                             \
	{                                                                                       \
		.name = name_, .title = title_, .group = "veth", .lab = BP_CMP_VETH, .in = in_, \
		.out = out_, .traits = traits_                                                  \
	}
#define DEVICE_ROW(name_, title_, traits_, in_, out_)                                    \
	{                                                                                \
		.name = name_, .title = title_, .group = "ports", .lab = BP_CMP_DEVICES, \
		.in = in_, .out = out_, .traits = traits_                                \
	}
#define ALONE_ROW(name_, title_, traits_, in_, via_)                                     \
	{                                                                                \
		.name = name_, .title = title_, .group = "ceiling", .lab = BP_CMP_ALONE, \
		.in = in_, .out = SINK, .via = via_, .traits = traits_                   \
	}

const struct bp_cmp_path bp_cmp_paths[] = {
	{ .name = "bridge",
	  .title = "kernel bridge",
	  .group = "veth",
	  .lab = BP_CMP_VETH,
	  .forwarder = BP_CMP_BRIDGE,
	  .traits = BP_CMP_BY_KERNEL },
	{ .name = "kernel-xdp",
	  .title = "in the kernel, by XDP",
	  .group = "veth",
	  .lab = BP_CMP_VETH,
	  .in = KERNEL("@W", "xdp"),
	  .out = KERNEL("@L", "xdp"),
	  .traits = BP_CMP_BY_KERNEL,
	  .needs_whole = true },
	VETH_ROW("kernel-tc", "in the kernel, by tc", BP_CMP_BY_KERNEL, KERNEL("@W", "tc"),
		 KERNEL("@L", "tc")),
	VETH_ROW("pcap-live", "libpcap, live", 0, PCAP("@W"), PCAP("@L")),
	VETH_ROW("af_packet-socket", "AF_PACKET, recvmmsg/sendmmsg", 0, AF_PACKET("@W", "socket"),
		 AF_PACKET("@L", "socket")),
	VETH_ROW("af_packet-mmap", "AF_PACKET, RX ring", 0, AF_PACKET("@W", "mmap"),
		 AF_PACKET("@L", "mmap")),
	VETH_ROW("af_xdp-skb", "AF_XDP, generic (skb)", 0, AF_XDP("@W", "skb"),
		 AF_XDP("@L", "skb")),
	VETH_ROW("af_xdp-native", "AF_XDP, native, copy", BP_CMP_DROPS_TWICE, AF_XDP("@W", "copy"),
		 AF_XDP("@L", "copy")),
	VETH_ROW("af_xdp-zerocopy", "AF_XDP, zero-copy", BP_CMP_WANTS_ZEROCOPY,
		 AF_XDP("@W", "zerocopy"), AF_XDP("@L", "zerocopy")),
	VETH_ROW("af_xdp+af_packet", "AF_XDP in, AF_PACKET out, one process", BP_CMP_DROPS_TWICE,
		 AF_XDP("@W", "copy"), AF_PACKET("@L", "mmap")),
	VETH_ROW("dpdk-af_packet", "DPDK net_af_packet", BP_CMP_BY_DPDK,
		 PMD("net_af_packet", "0", "@W"), PMD("net_af_packet", "1", "@L")),
	VETH_ROW("dpdk-af_xdp", "DPDK net_af_xdp", BP_CMP_BY_DPDK | BP_CMP_DROPS_TWICE,
		 PMD("net_af_xdp", "0", "@W"), PMD("net_af_xdp", "1", "@L")),
	{ .name = "tap",
	  .title = "tap devices",
	  .group = "veth",
	  .lab = BP_CMP_TAP,
	  .in = "driver = tap\ndevice = @W\n",
	  .out = "driver = tap\ndevice = @L\n" },
	{ .name = "dpdk-tap",
	  .title = "DPDK net_tap",
	  .group = "veth",
	  .lab = BP_CMP_TAP,
	  .in = PMD("net_tap", "0", "@W"),
	  .out = PMD("net_tap", "1", "@L"),
	  .traits = BP_CMP_BY_DPDK },
	{ .name = "dpdk-memif",
	  .title = "DPDK net_memif",
	  .group = "memory",
	  .lab = BP_CMP_MEMORY,
	  .in = MEMIF("client", "0"),
	  .out = MEMIF("client", "1"),
	  .gen_tx = MEMIF("server", "0"),
	  .gen_rx = MEMIF("server", "1"),
	  .traits = BP_CMP_BY_DPDK | BP_CMP_GEN_BY_DPDK },
	{ .name = "dpdk-vhost",
	  .title = "DPDK net_vhost",
	  .group = "memory",
	  .lab = BP_CMP_MEMORY_LATE,
	  .in = VHOST("0"),
	  .out = VHOST("1"),
	  .gen_tx = VIRTIO("0"),
	  .gen_rx = VIRTIO("1"),
	  .traits = BP_CMP_BY_DPDK | BP_CMP_GEN_BY_DPDK },
	{ .name = "dpdk-virtio_user",
	  .title = "DPDK net_virtio_user",
	  .group = "memory",
	  .lab = BP_CMP_MEMORY,
	  .in = VIRTIO("0"),
	  .out = VIRTIO("1"),
	  .gen_tx = VHOST("0"),
	  .gen_rx = VHOST("1"),
	  .traits = BP_CMP_BY_DPDK | BP_CMP_GEN_BY_DPDK },
	ALONE_ROW("ring", "ring in the process", 0, SOURCE, "driver = ring\ndevice = wire\n"),
	ALONE_ROW("null", "the engine alone", 0, SOURCE, NULL),
	ALONE_ROW("pcap-file", "libpcap, capture in a file", BP_CMP_PLAYS,
		  "driver = pcap\ndevice = @D/" BP_CMP_CAPTURE
		  "\nmode = read\nloop = yes\npace = max\n",
		  NULL),
	{ .name = "testpmd-af_packet",
	  .title = "dpdk-testpmd net_af_packet",
	  .group = "peer",
	  .lab = BP_CMP_VETH,
	  .forwarder = BP_CMP_TESTPMD,
	  .in = "net_af_packet0,iface=@W",
	  .out = "net_af_packet1,iface=@L",
	  .traits = BP_CMP_BY_DPDK | BP_CMP_HIDES_SOCKET },
	{ .name = "testpmd-af_xdp",
	  .title = "dpdk-testpmd net_af_xdp",
	  .group = "peer",
	  .lab = BP_CMP_VETH,
	  .forwarder = BP_CMP_TESTPMD,
	  .in = "net_af_xdp0,iface=@W",
	  .out = "net_af_xdp1,iface=@L",
	  .traits = BP_CMP_BY_DPDK | BP_CMP_DROPS_TWICE },
	{ .name = "testpmd-memif",
	  .title = "dpdk-testpmd net_memif",
	  .group = "peer",
	  .lab = BP_CMP_MEMORY,
	  .forwarder = BP_CMP_TESTPMD,
	  .in = "net_memif0,role=client,id=0,socket=@D/m0,socket-abstract=no",
	  .out = "net_memif1,role=client,id=0,socket=@D/m1,socket-abstract=no",
	  .gen_tx = MEMIF("server", "0"),
	  .gen_rx = MEMIF("server", "1"),
	  .traits = BP_CMP_BY_DPDK | BP_CMP_GEN_BY_DPDK },
	{ .name = "ovs-af_packet",
	  .title = "Open vSwitch, datapath netdev, AF_PACKET",
	  .group = "ovs",
	  .lab = BP_CMP_VETH,
	  .forwarder = BP_CMP_OVS,
	  .in = "type=system",
	  .out = "type=system",
	  .traits = BP_CMP_HIDES_SOCKET },
	{ .name = "ovs-af_xdp",
	  .title = "Open vSwitch, datapath netdev, AF_XDP",
	  .group = "ovs",
	  .lab = BP_CMP_VETH,
	  .forwarder = BP_CMP_OVS,
	  .in = "type=afxdp",
	  .out = "type=afxdp" },
	{ .name = "ports-bridge",
	  .title = "named devices, kernel bridge",
	  .group = "ports",
	  .lab = BP_CMP_DEVICES,
	  .forwarder = BP_CMP_BRIDGE,
	  .traits = BP_CMP_BY_KERNEL },
	DEVICE_ROW("ports-kernel-xdp", "named devices, in the kernel, by XDP", BP_CMP_BY_KERNEL,
		   KERNEL("@W", "xdp"), KERNEL("@L", "xdp")),
	DEVICE_ROW("ports-kernel-tc", "named devices, in the kernel, by tc", BP_CMP_BY_KERNEL,
		   KERNEL("@W", "tc"), KERNEL("@L", "tc")),
	DEVICE_ROW("ports-pcap-live", "named devices, libpcap, live", 0, PCAP("@W"), PCAP("@L")),
	DEVICE_ROW("ports-af_packet-socket", "named devices, AF_PACKET, recvmmsg/sendmmsg", 0,
		   AF_PACKET("@W", "socket"), AF_PACKET("@L", "socket")),
	DEVICE_ROW("ports-af_packet-mmap", "named devices, AF_PACKET, RX ring", 0,
		   AF_PACKET("@W", "mmap"), AF_PACKET("@L", "mmap")),
	DEVICE_ROW("ports-af_xdp-skb", "named devices, AF_XDP, skb", 0, AF_XDP("@W", "skb"),
		   AF_XDP("@L", "skb")),
	DEVICE_ROW("ports-af_xdp-native", "named devices, AF_XDP, copy", BP_CMP_DROPS_TWICE,
		   AF_XDP("@W", "copy"), AF_XDP("@L", "copy")),
	DEVICE_ROW("ports-af_xdp-zerocopy", "named devices, AF_XDP, zero-copy",
		   BP_CMP_WANTS_ZEROCOPY, AF_XDP("@W", "zerocopy"), AF_XDP("@L", "zerocopy")),
	DEVICE_ROW("ports-dpdk", "named devices, DPDK", BP_CMP_BY_DPDK,
		   "driver = dpdk\ndevice = \"@W\"\n", "driver = dpdk\ndevice = \"@L\"\n"),
};

const unsigned bp_cmp_n_paths = sizeof(bp_cmp_paths) / sizeof(bp_cmp_paths[0]);

char *bp_cmp_fill(const char *template, const struct bp_cmp_names *names, char *text, size_t bytes)
{
	FILE *out = fmemopen(text, bytes, "w");

	text[0] = '\0';
	if (!out)
		return text;
	for (const char *at = template; *at; at++) {
		if (*at != '@') {
			fputc(*at, out);
			continue;
		}
		at++;
		if (*at == 'S')
			fprintf(out, "%u", names->frame_bytes);
		else
			fputs(*at == 'W'   ? names->in
			      : *at == 'L' ? names->out
					   : names->folder,
			      out);
	}
	fclose(out);
	text[bytes - 1] = '\0';
	return text;
}

/* Set chosen[] for all paths that a word names. Returns whether it names any. */
static bool mark(const char *word, bool value, bool *chosen)
{
	bool found = false;

	for (unsigned i = 0; i < bp_cmp_n_paths; i++) {
		const struct bp_cmp_path *p = &bp_cmp_paths[i];

		if (strcmp(word, "all") != 0 && strcmp(word, p->name) != 0 &&
		    strcmp(word, p->group) != 0)
			continue;
		chosen[i] = value;
		found = true;
	}
	return found;
}

static void name_all(char *why, size_t bytes, const char *word)
{
	size_t n = (size_t)snprintf(why, bytes,
				    "--paths: no path '%s'; allowed: all, veth, memory, "
				    "ceiling, peer, ovs, ports",
				    word);

	for (unsigned i = 0; i < bp_cmp_n_paths && n < bytes; i++)
		n += (size_t)snprintf(why + n, bytes - n, ", %s", bp_cmp_paths[i].name);
}

static bool is_in(const struct bp_cmp_path *path, const char *group)
{
	return strcmp(path->group, group) == 0;
}

/* Those that a function can stand on, and what stands beside them. */
static bool has_functions(const struct bp_cmp_path *p)
{
	return !is_in(p, "ceiling") && !is_in(p, "peer") &&
	       (p->forwarder != BP_CMP_BYPATH || !bp_cmp_has(p, BP_CMP_BY_KERNEL));
}

static void set_defaults(const struct bp_cmp_choice *choice, bool *chosen)
{
	for (unsigned i = 0; i < bp_cmp_n_paths; i++) {
		const struct bp_cmp_path *p = &bp_cmp_paths[i];

		/* With --ports only the rows of named ports run. */
		chosen[i] = choice->with_devices
				    ? is_in(p, "ports")
				    : !is_in(p, "ports") &&
					      (choice->with_peers || !is_in(p, "peer")) &&
					      (choice->with_function || !is_in(p, "ovs"));
		if (choice->with_function)
			chosen[i] &= has_functions(p);
	}
}

int bp_cmp_choose(const char *list, const struct bp_cmp_choice *choice, bool *chosen, char *why,
		  size_t why_bytes)
{
	bool has_any = false, is_first = true;
	char *copy, *word, *at = NULL;

	memset(chosen, 0, bp_cmp_n_paths * sizeof(*chosen));
	if (!list || !*list) {
		set_defaults(choice, chosen);
		return 0;
	}
	copy = strdup(list);
	if (!copy)
		return -ENOMEM;
	for (word = strtok_r(copy, ", ", &at); word; word = strtok_r(NULL, ", ", &at)) {
		bool is_out = *word == '-';

		if (is_out && is_first)
			set_defaults(choice, chosen);
		is_first = false;
		if (!mark(word + is_out, !is_out, chosen)) {
			name_all(why, why_bytes, word + is_out);
			free(copy);
			return -EINVAL;
		}
	}
	free(copy);
	if (choice->with_peers)
		mark("peer", true, chosen);
	for (unsigned i = 0; i < bp_cmp_n_paths; i++)
		has_any |= chosen[i];
	if (!has_any) {
		snprintf(why, why_bytes, "--paths: '%s' leaves no path", list);
		return -EINVAL;
	}
	return 0;
}
