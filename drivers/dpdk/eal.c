/* Starting DPDK's environment (EAL) once, in a thread of its own. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "dpdk.h"

#include "bypath/log.h"
#include "core/cpu.h"
#include "core/pci.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EAL_ARGS_MAX   48
#define EAL_ARG_BYTES  (2 * BP_PATH_BYTES)
#define EAL_LINE_BYTES 256

/* no_huge reserves address space only: pages that nobody touches cost nothing. */
#define NO_HUGE_MIB 512u

struct eal_args {
	int n;
	char *argv[EAL_ARGS_MAX + 1];
	char text[EAL_ARGS_MAX][EAL_ARG_BYTES];
};

/* EAL can be started once per process: its state is the process's. Control thread, but line. */
static struct {
	bool tried;
	bool is_starting; /* read at exit(), by the thread that EAL is started in */
	int result;
	int eal_errno;
	struct eal_args args;
	pthread_mutex_t lock; /* guards line: DPDK's own threads log as well */
	char line[EAL_LINE_BYTES];
	int line_level;
	char why[EAL_LINE_BYTES + 64];
} eal = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* The first of the most severe lines names the cause of a failure; later ones pass it on. */
static void keep_cause(int level, const char *text, size_t n)
{
	pthread_mutex_lock(&eal.lock);
	if (level < eal.line_level) {
		eal.line_level = level;
		snprintf(eal.line, sizeof(eal.line), "%.*s", (int)n, text);
	}
	pthread_mutex_unlock(&eal.lock);
}

static ssize_t log_write(void *cookie, const char *text, size_t n_bytes)
{
	size_t n = n_bytes;

	(void)cookie;
	while (n && (text[n - 1] == '\n' || text[n - 1] == ' '))
		n--;
	if (n) {
		keep_cause(rte_log_cur_msg_loglevel(), text, n);
		bp_log(BP_LOG_DEBUG, "dpdk: %.*s", (int)n, text);
	}
	return (ssize_t)n_bytes;
}

void dpdk_eal_listen(void)
{
	pthread_mutex_lock(&eal.lock);
	eal.line[0] = '\0';
	eal.line_level = (int)RTE_LOG_WARNING + 1;
	pthread_mutex_unlock(&eal.lock);
}

/* DPDK's -1 is no EPERM, and a failure that leaves rte_errno alone is no success. */
const char *dpdk_eal_why(int err)
{
	const char *name = err == -1 || err == 0 ? "refused" : rte_strerror(-err);

	pthread_mutex_lock(&eal.lock);
	snprintf(eal.why, sizeof(eal.why), eal.line[0] ? "%s (%s)" : "%s", name, eal.line);
	pthread_mutex_unlock(&eal.lock);
	return eal.why;
}

static int open_log(void)
{
	static const cookie_io_functions_t io = { .write = log_write };
	FILE *stream = fopencookie(NULL, "w", io);

	if (!stream)
		return -ENOMEM;
	setvbuf(stream, NULL, _IOLBF, EAL_LINE_BYTES);
	return rte_openlog_stream(stream) ? -EIO : 0;
}

/* --- arguments ------------------------------------------------------------------------------ */

__attribute__((format(printf, 2, 3))) static void add_arg(struct eal_args *args, const char *fmt,
							  ...)
{
	va_list ap;

	if (args->n == EAL_ARGS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(args->text[args->n], EAL_ARG_BYTES, fmt, ap);
	va_end(ap);
	args->argv[args->n] = args->text[args->n];
	args->n++;
	args->argv[args->n] = NULL;
}

/* One lcore over all our cores, but for those of workers that run: EAL then pins nothing, and its threads stay free to move. */
static void add_lcores(struct eal_args *args)
{
	unsigned cores[RTE_MAX_LCORE];
	unsigned n = bp_cpu_own(cores, RTE_MAX_LCORE);
	char list[EAL_ARG_BYTES - 16] = "";
	size_t used = 0;

	for (unsigned i = 0; i < n && used < sizeof(list) - 8; i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%u", i ? "," : "",
					 cores[i]);
	if (n)
		add_arg(args, "--lcores=0@(%s)", list);
}

static void add_memory(struct eal_args *args, const struct bp_conf *conf)
{
	char list[EAL_ARG_BYTES - 16];

	/* 22.11 refuses --no-huge with --in-memory; --no-shconf has the same effect on files. */
	if (conf->eal.no_huge) {
		add_arg(args, "--no-huge");
		add_arg(args, "--no-shconf");
		add_arg(args, "-m");
		add_arg(args, "%u", conf->eal.memory_mib ? conf->eal.memory_mib : NO_HUGE_MIB);
		return;
	}
	/* One file per list of pages: vhost-user passes at most 8 to the other side. */
	add_arg(args, "--single-file-segments");
	if (conf->eal.in_memory)
		add_arg(args, "--in-memory");
	else if (!conf->eal.file_prefix[0])
		add_arg(args, "--file-prefix=bypath");
	/* Without either option EAL takes hugepages only when pools need them. */
	if (dpdk_hugepages_list(conf, list, sizeof(list))) {
		add_arg(args, "--socket-mem=%s", list);
	} else if (conf->eal.memory_mib) {
		add_arg(args, "-m");
		add_arg(args, "%u", conf->eal.memory_mib);
	}
}

static void add_devices(struct eal_args *args, const struct bp_conf *conf)
{
	char address[BP_PCI_ADDRESS_BYTES];
	bool has_pci = false;

	for (unsigned i = 0; i < conf->n_ports; i++)
		has_pci |= !strcmp(conf->ports[i].driver, "dpdk") &&
			   bp_pci_parse(conf->ports[i].device, address);
	/* An allow-list that matches nothing: each port is probed by its own open(). */
	if (has_pci) {
		add_arg(args, "-a");
		add_arg(args, "pci:ffff:ff:1f.7");
	} else {
		add_arg(args, "--no-pci");
		/* Physical addresses would need a pagemap look-up per page and serve nobody. */
		add_arg(args, "--iova-mode=va");
	}
}

static void build_args(struct eal_args *args, const struct bp_conf *conf)
{
	char extra[BP_PATH_BYTES];
	char *rest = extra;

	add_arg(args, "bypath");
	add_lcores(args);
	add_memory(args, conf);
	if (conf->eal.file_prefix[0])
		add_arg(args, "--file-prefix=%s", conf->eal.file_prefix);
	add_devices(args, conf);
	add_arg(args, "--no-telemetry");
	snprintf(extra, sizeof(extra), "%s", conf->eal.args);
	for (char *word; (word = strsep(&rest, " \t"));)
		if (*word)
			add_arg(args, "%s", word);
}

/* --- start ---------------------------------------------------------------------------------- */

static void *start_thread(void *arg)
{
	struct eal_args *args = arg;

	eal.result = rte_eal_init(args->n, args->argv) < 0 ? -1 : 0;
	eal.eal_errno = rte_errno;
	return NULL;
}

/*
 * EAL pins the thread that starts it, and its own threads inherit that thread's signal mask: with
 * everything blocked there, signals reach ours only, and a net_memif peer that dies during the
 * handshake is an EPIPE of sendmsg() instead of a SIGPIPE that ends the process.
 */
static int run_start_thread(void)
{
	pthread_t thread;
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&thread, NULL, start_thread, &eal.args);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return -err;
	pthread_join(thread, NULL);
	return 0;
}

static void remove_sockets_at_exit(void)
{
	dpdk_device_unlink_sockets();
}

/* Hugepage files and sockets of a run without in_memory outlive the process otherwise. */
static void cleanup_at_exit(void)
{
	if (dpdk_quiet_is_all_closed()) /* it closes the others */
		rte_eal_cleanup();
}

/* Some arguments (-h) have EAL print something and call exit(0), as if a run had succeeded. */
static void fail_exit_of_eal(void)
{
	if (!eal.is_starting)
		return;
	fflush(stdout);
	bp_log(BP_LOG_ERROR,
	       "DPDK's EAL has ended the process instead of starting: delete what asks it to from "
	       "[dpdk] args");
	bp_log_flush();
	_exit(EXIT_FAILURE);
}

static int start_once(const struct bp_port *port)
{
	const struct bp_conf *conf = port->env->conf;
	int err = dpdk_hugepages_check(port);

	if (err)
		return err;
	err = open_log();
	if (err)
		return err;
	dpdk_eal_listen();
	build_args(&eal.args, conf);
	atexit(fail_exit_of_eal);
	eal.tried = true; /* what failed before may go better another time */
	eal.is_starting = true;
	err = run_start_thread();
	eal.is_starting = false;
	if (err)
		return err;
	if (eal.result) {
		bp_log(BP_LOG_ERROR, "port %s: DPDK's EAL does not start: %s: check [dpdk]",
		       port->conf->name, dpdk_eal_why(-eal.eal_errno));
		return eal.eal_errno > 0 && eal.eal_errno < 4096 ? -eal.eal_errno : -EIO;
	}
	if (!conf->eal.no_huge && !conf->eal.in_memory)
		atexit(cleanup_at_exit);
	atexit(remove_sockets_at_exit); /* runs before the above */
	return 0;
}

int dpdk_eal_start(const struct bp_port *port)
{
	return eal.tried ? eal.result : (eal.result = start_once(port));
}
