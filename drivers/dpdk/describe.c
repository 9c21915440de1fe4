/* What `dpdk` is: keys, EAL's section, what device strings open, counters. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "describe.h"

#include "core/claim.h"
#include "core/devargs.h"
#include "core/device.h"
#include "core/pci.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define EAL(field)                                     \
	.offset = offsetof(struct bp_conf, eal.field), \
	.size = sizeof(((struct bp_conf *)0)->eal.field)

static const struct bp_key keys[] = {
	BP_KEY_DEVICE("a PCI address, or a DPDK device string as net_memif0,role=client",
		      "0000:03:00.1"),
	BP_KEY_TAKE_HOST,
	BP_KEY_QUEUES,
	BP_KEY_CHECKSUM,
	BP_KEY_OFFLOAD,
	BP_KEY_RING_SIZE(32768),
	BP_KEY_INT_OR_0("mtu", 68, 9600, "bytes", "leave it", "0", BP_KEY_OF_PORT(mtu),
			"MTU to set on the device"),
	{ .name = NULL },
};

static const struct bp_key eal_keys[] = {
	BP_KEY_WORDS(
		"in_memory", bp_words_yes_no, "yes", EAL(in_memory),
		"leave no files behind, allow several instances; becomes no with no_huge = yes"),
	BP_KEY_WORDS("no_huge", bp_words_yes_no, "no", EAL(no_huge),
		     "ordinary pages for EAL's memory"),
	BP_KEY_INT_OR_0("memory", 16, 1048576, "MiB", "EAL's choice", "0", EAL(memory_mib),
			"memory that EAL takes"),
	{ .name = "file_prefix",
	  .type = BP_KEY_TEXT,
	  .example = "bypath",
	  EAL(file_prefix),
	  .help = "name of EAL's files, for several instances with in_memory = no" },
	{ .name = "args",
	  .type = BP_KEY_TEXT,
	  .example = "\"--log-level=lib.eal:info\"",
	  EAL(args),
	  .help = "further EAL arguments, split at blanks" },
	{ .name = NULL },
};

const struct bp_counter_row dpdk_counters[] = {
	[DPDK_IMISSED] = { "imissed", "packets", BP_SIDE_RX, BP_KIND_DROP,
			   "no free descriptor in the device's queue", false },
	[DPDK_RX_NOMBUF] = { "rx_nombuf", "packets", BP_SIDE_RX, BP_KIND_DROP,
			     "no free mbuf to receive into", false },
	[DPDK_IERRORS] = { "ierrors", "packets", BP_SIDE_RX, BP_KIND_DROP, "received with errors",
			   false },
	[DPDK_OERRORS] = { "oerrors", "packets", BP_SIDE_TX, BP_KIND_DROP,
			   "the device failed to send them", false },
	[DPDK_RING_FULL] = { "pmd_ring_full", "packets", BP_SIDE_RX, BP_KIND_DROP,
			     "net_af_packet's receive ring had no room", false },
	{ .name = NULL },
};

/* ---- the device string ------------------------------------------------------------------------ */

static bool begins(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

#define AT_ONCE (DPDK_SENDS_AT_ONCE | DPDK_KEEPS_NONE)

const struct dpdk_pmd dpdk_pmds[] = {
	{ "net_memif", DPDK_MEMIF, AT_ONCE },
	{ "net_af_packet", DPDK_AF_PACKET, AT_ONCE | DPDK_ON_IFACE },
	{ "eth_af_packet", DPDK_AF_PACKET, AT_ONCE | DPDK_ON_IFACE },
	{ "net_af_xdp", DPDK_AF_XDP, DPDK_ON_IFACE },
	{ "net_tap", DPDK_TAP, AT_ONCE },
	{ "net_null", DPDK_NULL, AT_ONCE },
	{ "net_ring", DPDK_RING, 0 },
	{ "net_pcap", DPDK_PCAP, AT_ONCE },
	{ "net_vhost", DPDK_VHOST, DPDK_SENDS_AT_ONCE | DPDK_IS_VIRTIO },
	{ "net_virtio_user", DPDK_VIRTIO_USER, DPDK_IS_VIRTIO },
	{ "virtio_user", DPDK_VIRTIO_USER, DPDK_IS_VIRTIO },
	{ .name = NULL },
};

static const struct dpdk_pmd *find_pmd(const char *device)
{
	for (const struct dpdk_pmd *pmd = dpdk_pmds; pmd->name; pmd++)
		if (begins(device, pmd->name))
			return pmd;
	return NULL;
}

enum dpdk_kind dpdk_kind_of(const char *device)
{
	char address[BP_PCI_ADDRESS_BYTES];
	const struct dpdk_pmd *pmd = find_pmd(device);

	if (bp_pci_parse(device, address))
		return DPDK_PCI;
	return pmd ? pmd->kind : DPDK_OTHER;
}

bool dpdk_pmd_has(const char *device, enum dpdk_pmd_flag flag)
{
	const struct dpdk_pmd *pmd = find_pmd(device);

	return pmd && pmd->flags & flag;
}

/* The arguments of virtual devices that name an interface or a file; of several interfaces the one that
 * packets leave by comes first. */
static const struct {
	enum dpdk_kind kind;
	const char *key;
	struct bp_claim claim;
} args[] = {
	{ DPDK_AF_PACKET, "iface", { .kind = BP_CLAIM_NETDEV, .is_heard = true } },
	/* The PMD closes its rings, but not the socket (seen with 22.11): the queue stays taken. */
	{ DPDK_AF_XDP,
	  "iface",
	  { .kind = BP_CLAIM_NETDEV, .take = BP_TAKE_ALWAYS, .is_for_life = true } },
	{ DPDK_TAP, "iface", { .kind = BP_CLAIM_NETDEV, .is_far_end = true } },
	{ DPDK_PCAP, "iface", { .kind = BP_CLAIM_NETDEV } },
	{ DPDK_PCAP, "tx_iface", { .kind = BP_CLAIM_NETDEV } },
	{ DPDK_PCAP, "rx_iface", { .kind = BP_CLAIM_NETDEV } },
	{ DPDK_PCAP, "rx_iface_in", { .kind = BP_CLAIM_NETDEV } },
	{ DPDK_PCAP, "rx_pcap", { .kind = BP_CLAIM_FILE, .is_read = true } },
	{ DPDK_PCAP, "tx_pcap", { .kind = BP_CLAIM_FILE } },
};

static bool has(const struct bp_claim *claims, unsigned n, const struct bp_claim *claim)
{
	for (unsigned i = 0; i < n; i++)
		if (claims[i].kind == claim->kind && !strcmp(claims[i].name, claim->name))
			return true;
	return false;
}

/* Of a virtual device: the interfaces and files behind it. One that is named twice counts once. */
static unsigned claims_of_args(const char *device, struct bp_claim *claims)
{
	enum dpdk_kind kind = dpdk_kind_of(device);
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		struct bp_claim claim = args[i].claim;

		if (n == BP_CLAIMS_MAX || kind != args[i].kind ||
		    !bp_devargs_get(device, args[i].key, claim.name, sizeof(claim.name)))
			continue;
		claim.is_output = claim.kind == BP_CLAIM_FILE && !claim.is_read &&
				  bp_claim_is_output(claim.name);
		if (!has(claims, n, &claim))
			claims[n++] = claim;
	}
	return n;
}

static unsigned claims(const struct bp_port_conf *port, struct bp_claim *claims)
{
	const char *device = port->device;
	unsigned n = claims_of_args(device, claims);
	char address[BP_PCI_ADDRESS_BYTES];

	if (n)
		return n;
	if (begins(device, "pci:"))
		device += 4;
	claims[0] = (struct bp_claim){ .kind = BP_CLAIM_VIRTUAL };
	if (bp_pci_parse(device, address))
		claims[0].kind = BP_CLAIM_PCI;
	bp_devargs_name(device, claims[0].name, sizeof(claims[0].name));
	return 1;
}

/* Length of the longest PMD name of the rows that the text begins with: EAL matches likewise. */
static size_t known_pmd(const char *text)
{
	const struct bp_model_row *const tables[] = { dpdk_rows_pmd, dpdk_rows_nic };
	size_t longest = 0;

	for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct bp_model_row *row = tables[i]; row->n_hops; row++) {
			size_t len = row->pmd && !row->is_pci ? strlen(row->pmd) : 0;

			if (len > longest && !strncmp(text, row->pmd, len))
				longest = len;
		}
	return longest;
}

void dpdk_pmd_name(const char *device, char *name)
{
	char address[BP_PCI_ADDRESS_BYTES];
	size_t len = known_pmd(device);

	name[0] = '\0';
	if (bp_pci_parse(device, address))
		return;
	if (!len)
		len = strcspn(device, ",");
	while (len && isdigit((unsigned char)device[len - 1]))
		len--;
	if (len >= BP_NAME_BYTES)
		len = BP_NAME_BYTES - 1;
	snprintf(name, BP_NAME_BYTES, "%.*s", (int)len, device);
}

static bool is_virtual(const char *name)
{
	return begins(name, "net_") || begins(name, "eth_") || find_pmd(name);
}

/* Of an argument with two '=' DPDK takes what stands before the last one for the key, which nobody else does. */
static void check_arguments(const struct bp_port_conf *port, struct bp_check *check)
{
	for (const char *at = strchr(port->device, ','); at; at = strchr(at, ',')) {
		int n = (int)strcspn(++at, ",");
		const char *value = memchr(at, '=', (size_t)n);

		if (value && memchr(value + 1, '=', (size_t)(at + n - value) - 1))
			check->complain(
				check, "device",
				"found '%.*s' in the device string; an argument is KEY=VALUE, "
				"without another '='",
				n, at);
	}
}

/* A PCI address, a device with its bus before it, or a virtual device. */
static void check_device(const struct bp_port_conf *port, struct bp_check *check)
{
	char name[BP_PATH_BYTES], full[BP_PCI_ADDRESS_BYTES];
	const char *pci = name;
	bool is_pci;

	bp_devargs_name(port->device, name, sizeof(name));
	if (begins(pci, "pci:"))
		pci += 4;
	is_pci = bp_pci_parse(pci, full);
	if (is_pci && strlen(pci) == strlen(full))
		return;
	if (isxdigit((unsigned char)pci[0]) && strchr(pci, ':') &&
	    !pci[strspn(pci, "0123456789abcdefABCDEF:.")])
		check->complain(
			check, "device",
			"found '%.80s'; a PCI address is DDDD:BB:DD.F, as 0000:03:00.1%s%s%s", name,
			is_pci ? "; did you mean '" : "", is_pci ? full : "", is_pci ? "'?" : "");
	else if (pci == name && !strchr(name, ':') && !is_virtual(name))
		check->complain(
			check, "device",
			"found '%.80s'; allowed: a PCI address as 0000:03:00.1, or a DPDK device "
			"string as net_memif0,role=client; for a network interface: "
			"net_af_packet0,iface=NAME",
			name);
}

static void limits(const struct bp_port_conf *port, struct bp_limits *limits)
{
	if (dpdk_kind_of(port->device) == DPDK_NULL)
		limits->invents =
			"a net_null device, which makes its frames by itself: nothing that was "
			"sent comes out of it";
}

/* ---- EAL's section ---------------------------------------------------------------------------- */

/* EAL's folder is its runtime folder, '/', the prefix: it must not lead elsewhere. */
static bool is_prefix(const char *text)
{
	return !strchr(text, '/') && strcmp(text, "..") && strcmp(text, ".");
}

static void check_prefix(const struct bp_conf *conf, struct bp_check *check)
{
	char args_copy[BP_PATH_BYTES], *rest = args_copy;

	if (!is_prefix(conf->eal.file_prefix))
		check->complain(check, "file_prefix", "found '%s', allowed: a name without '/'",
				conf->eal.file_prefix);
	snprintf(args_copy, sizeof(args_copy), "%s", conf->eal.args);
	for (char *word; (word = strsep(&rest, " \t="));) {
		/* getopt takes a name that is cut short; the value is the next word that is not empty. */
		if (!begins(word, "--fi") || !rest)
			continue;
		rest += strspn(rest, " \t=");
		word = strsep(&rest, " \t");
		if (!is_prefix(word))
			check->complain(check, "args",
					"found '%s' as file prefix, allowed: a name without '/'",
					word);
	}
}

/* EAL of DPDK 22.11 refuses --in-memory together with --no-huge. */
static void check_eal(struct bp_conf *conf, struct bp_check *check)
{
	if (conf->eal.no_huge && conf->eal.in_memory) {
		if (check->is_given(check, "in_memory"))
			check->complain(
				check, "in_memory",
				"found 'yes' beside no_huge = yes, which EAL refuses: delete one "
				"of the two lines");
		conf->eal.in_memory = false;
	}
	check_prefix(conf, check);
}

static const struct bp_section section = {
	.name = "dpdk",
	.help = "how EAL starts; read only if there is a dpdk port",
	.keys = eal_keys,
	.check = check_eal,
	.reload = BP_RELOAD_START,
	.fixed = "EAL starts once in a process",
};

/* ---- what a start would find ------------------------------------------------------------------ */

/* As the driver names it; zero-copy is the client's alone. */
static const char *memif_mode(const char *devargs)
{
	char role[16] = "", zero_copy[16] = "";

	(void)bp_devargs_get(devargs, "role", role, sizeof(role));
	(void)bp_devargs_get(devargs, "zero-copy", zero_copy, sizeof(zero_copy));
	if (!strcmp(role, "server") || !strcmp(role, "master"))
		return "server";
	return strcmp(zero_copy, "yes") ? "client" : "client-zerocopy";
}

/* The PMD of a PCI device by its ids, where its copies differ from what most PMDs make; else "". */
static const char *pmd_of_ids(const char *address)
{
	static const struct {
		uint16_t vendor, first, last; /* devices */
		const char *pmd;
	} pmds[] = {
		{ 0x15ad, 0x07b0, 0x07b0, "net_vmxnet3" }, { 0x1ae0, 0x0042, 0x0042, "net_gve" },
		{ 0x1af4, 0x1110, 0x1110, "net_avp" },     { 0x1d0f, 0x0ec2, 0x0ec2, "net_ena" },
		{ 0x1d0f, 0xec20, 0xec21, "net_ena" },     { 0x15b3, 0x1013, 0xffff, "mlx5_pci" },
	};
	struct bp_pci_device device;

	if (bp_pci_look(address, &device))
		return "";
	for (size_t i = 0; i < sizeof(pmds) / sizeof(pmds[0]); i++)
		if (device.vendor == pmds[i].vendor && device.device >= pmds[i].first &&
		    device.device <= pmds[i].last)
			return pmds[i].pmd;
	return "";
}

static void predict_pci(const char *address, struct bp_port_info *info)
{
	strcpy(info->device_driver, pmd_of_ids(address));
	if (!bp_pci_ready(address, info->note, sizeof(info->note)))
		strcpy(info->note, info->device_driver[0]
					   ? "the PMD is told by the ids of the PCI device"
					   : "EAL finds the PMD of this PCI device at start");
}

/* A NIC that EAL cannot map the arena for: EAL maps memory that is not its own for vfio alone. One that is not bound yet
 * will be bound to that. */
static bool is_unmapped_pci(const char *text)
{
	char address[BP_PCI_ADDRESS_BYTES];
	struct bp_pci_device device;

	return bp_pci_parse(text, address) && !bp_pci_look(address, &device) && device.driver[0] &&
	       strcmp(device.driver, "vfio-pci") != 0;
}

static void predict(const struct bp_port_conf *port, const struct bp_port_conf *to,
		    struct bp_port_info *info)
{
	const struct dpdk_conf *own = BP_OWN_CONST(struct dpdk_conf, port);
	enum dpdk_kind kind = dpdk_kind_of(port->device);
	char address[BP_PCI_ADDRESS_BYTES];
	struct bp_device below;

	(void)to;
	dpdk_pmd_name(port->device, info->device_driver);
	info->kind = BP_DEVICE_PMD;
	if (dpdk_pmd_has(port->device, DPDK_ON_IFACE) && bp_device_of(port, &below))
		info->kind = below.kind;
	if (kind == DPDK_TAP)
		info->kind = BP_DEVICE_TAP;
	strcpy(info->mode, kind == DPDK_MEMIF ? memif_mode(port->device) : "pmd");
	if (bp_pci_parse(port->device, address))
		predict_pci(address, info);
	if (dpdk_pmd_has(port->device, DPDK_IS_VIRTIO))
		info->caps = BP_CAP_CSUM_INFER | BP_CAP_VNET_BY_PEER;
	else if (info->kind == BP_DEVICE_VETH || info->kind == BP_DEVICE_TAP)
		info->caps = BP_CAP_PLAIN_RX | BP_CAP_CSUM_INFER;
	else
		info->caps = BP_CAP_PLAIN_RX;
	if (is_unmapped_pci(port->device))
		return;
	info->tx_homes = own->takes_arena ? BP_HOME_ARENA : 0;
	info->rx_homes = own->receives_arena ? BP_HOME_ARENA : 0;
	if (own->lacks_room)
		snprintf(info->note + strlen(info->note), sizeof(info->note) - strlen(info->note),
			 "%s%s", info->note[0] ? "; " : "", DPDK_LACKS_ROOM);
}

static void check(struct bp_port_conf *port, struct bp_check *check)
{
	struct dpdk_conf *own = BP_OWN(struct dpdk_conf, port);

	own->takes_arena = dpdk_takes_arena(check->conf, port);
	own->receives_arena = dpdk_receives_arena(check->conf, port);
	own->lacks_room = dpdk_arena_lacks_room(check->conf, port);
	check_device(port, check);
	if (dpdk_kind_of(port->device) != DPDK_OTHER)
		check_arguments(port, check);
}

const struct bp_facts bp_facts_dpdk = {
	.summary = "any DPDK poll-mode driver: PCI NICs, net_memif, net_virtio_user, net_tap, …",
	.flags = BP_FACT_DEVICE_STRING | BP_FACT_SIZED_BY_WORKERS,
	.keys = keys,
	.section = &section,
	.example = "nic",
	.claims = claims,
	.check = check,
	.limits = limits,
	.predict = predict,
	.rows = dpdk_rows_pmd,
	.more_rows = dpdk_rows_nic,
	.counters = dpdk_counters,
};
