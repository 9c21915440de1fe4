/* Locks of devices and files between the processes of a machine, held by the process's life. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/lock.h"

#include "core/pci.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#define FOLDER      "/run/bypath"
#define ASKERS_MAX  128 /* who asked and was not let go of: see bp_lock_serve() */
#define UNKNOWN_PID 0 /* of a process in another PID namespace */
#define PF_EXITING  0x4u /* a thread that ends */

/* ---- who holds it ---------------------------------------------------------------------------- */

/* The words of a command line, which end with zeros, as one line. */
static void read_command(pid_t pid, char *text, size_t text_bytes)
{
	char path[32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, text_bytes - 1);
	if (fd >= 0)
		close(fd);
	while (n > 0 && !text[n - 1])
		n--;
	for (ssize_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = ' ';
	text[n > 0 ? n : 0] = '\0';
}

static void name_holder(pid_t pid, char holder[BP_LOCK_HOLDER_BYTES])
{
	char command[BP_LOCK_HOLDER_BYTES - 32];

	if (pid == UNKNOWN_PID) {
		snprintf(holder, BP_LOCK_HOLDER_BYTES, "a process that is not visible from here");
		return;
	}
	read_command(pid, command, sizeof(command));
	snprintf(holder, BP_LOCK_HOLDER_BYTES, "process %d%s%s%s", (int)pid,
		 command[0] ? " ('" : "", command, command[0] ? "')" : "");
}

/*
 * The process with a lock on this file that keeps out others (all: also those that share it). Source:
 * proc_locks(5). false: none; *pid is UNKNOWN_PID where it is not visible.
 */
static bool find_flock(const struct stat *st, bool is_all, pid_t *pid)
{
	FILE *f = fopen("/proc/locks", "re");
	char line[256];
	bool is_found = false;

	while (f && !is_found && fgets(line, sizeof(line), f)) {
		unsigned major_id, minor_id;
		unsigned long long ino;
		char kind[8];
		int holder;

		/* "1: FLOCK  ADVISORY  WRITE 1234 00:2a:56789 0 EOF"; "->" stands before who waits. */
		is_found = sscanf(line, "%*u: FLOCK ADVISORY %7s %d %x:%x:%llu", kind, &holder,
				  &major_id, &minor_id, &ino) == 5 &&
			   ino == st->st_ino && major_id == major(st->st_dev) &&
			   minor_id == minor(st->st_dev) && holder != (int)getpid() &&
			   (is_all || !strcmp(kind, "WRITE"));
		if (is_found)
			*pid = holder > 0 ? holder : UNKNOWN_PID;
	}
	if (f)
		fclose(f);
	return is_found;
}

/* ---- names: interfaces, pipes ----------------------------------------------------------------- */

/* The address of what a claim stands for; 0: it is not there. */
static socklen_t fill_address(const struct bp_claim *claim, const struct bp_claim_id *id,
			      struct sockaddr_un *address)
{
	char *name = address->sun_path + 1;
	size_t room = sizeof(address->sun_path) - 1;
	int n = 0;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (id->ifindex)
		n = snprintf(name, room, "bypath/%s/%d",
			     claim->is_far_end ? "far-end" : "interface", id->ifindex);
	else if (id->ino)
		n = snprintf(name, room, "bypath/pipe/%u:%u/%llu", major(id->dev), minor(id->dev),
			     (unsigned long long)id->ino);
	return n ? (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n) : 0;
}

/* The kernel says who listens there, as this PID namespace knows it (unix(7)). */
static bool find_listener(const struct bp_claim *claim, pid_t *pid)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred cred = { .pid = UNKNOWN_PID };
	socklen_t len = sizeof(cred), n;
	struct sockaddr_un address;
	struct bp_claim_id id;
	int err;

	if (fd < 0)
		return false;
	bp_claim_look(claim, &id);
	n = fill_address(claim, &id, &address);
	err = !n ? ENOENT : connect(fd, (struct sockaddr *)&address, n) ? errno : 0;
	if (!err)
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len);
	close(fd);
	if (err && err != EAGAIN) /* its queue is full of those who asked before */
		return false;
	*pid = cred.pid;
	return true;
}

static int take_name(const struct bp_claim *claim, struct bp_lock *lock,
		     char holder[BP_LOCK_HOLDER_BYTES])
{
	struct sockaddr_un address;
	struct bp_claim_id id;
	pid_t pid = UNKNOWN_PID; /* without a listener: it is about to listen, or to end */
	socklen_t n;
	int fd, err = 0;

	bp_claim_look(claim, &id);
	n = fill_address(claim, &id, &address);
	if (!n)
		return 0;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, n) || listen(fd, ASKERS_MAX))
		err = errno;
	if (!err) {
		*lock = (struct bp_lock){ .fd = fd, .ifindex = id.ifindex, .is_listening = true };
		return 0;
	}
	close(fd);
	if (err == EADDRINUSE) {
		(void)find_listener(claim, &pid);
		name_holder(pid, holder);
	}
	return err == EADDRINUSE ? -EBUSY : -err;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* flock() a file that is open; fd is taken over. */
static int take_file(int fd, bool is_shared, struct bp_lock *lock,
		     char holder[BP_LOCK_HOLDER_BYTES])
{
	pid_t pid = UNKNOWN_PID;
	struct stat st;

	if (!flock(fd, (is_shared ? LOCK_SH : LOCK_EX) | LOCK_NB)) {
		lock->fd = fd;
		return 0;
	}
	if (errno != EWOULDBLOCK) {
		close(fd);
		return 0; /* this file system has none */
	}
	if (!fstat(fd, &st))
		find_flock(&st, !is_shared, &pid);
	close(fd);
	name_holder(pid, holder);
	return -EBUSY;
}

static const char *file_of(const struct bp_claim *claim)
{
	return claim->is_output ? bp_claim_path(claim->name) : claim->name;
}

/* Opening a pipe would make it look as if it had a reader or writer: lock its name instead. */
static bool is_written_pipe(const struct bp_claim *claim)
{
	struct stat st;

	return claim->kind == BP_CLAIM_FILE && !claim->is_read && !stat(file_of(claim), &st) &&
	       S_ISFIFO(st.st_mode);
}

/* A file that cannot be opened is reported by the driver. */
static int take_capture(const struct bp_claim *claim, struct bp_lock *lock,
			char holder[BP_LOCK_HOLDER_BYTES])
{
	int flags = O_CLOEXEC | O_NONBLOCK | (claim->is_read ? O_RDONLY : O_WRONLY | O_CREAT);
	const char *path = file_of(claim);
	struct stat st;
	int fd;

	if (is_written_pipe(claim))
		return take_name(claim, lock, holder);
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return 0; /* /dev/null has room for all */
	fd = open(path, flags, 0644);
	return fd < 0 ? 0 : take_file(fd, claim->is_read, lock, holder);
}

static bool pci_path(const struct bp_claim *claim, char path[64])
{
	char address[BP_PCI_ADDRESS_BYTES];

	if (!bp_pci_parse(claim->name, address))
		return false;
	snprintf(path, 64, FOLDER "/pci-%s.lock", address);
	return true;
}

/* Where /run is not ours there is no lock: VFIO itself lets nobody else in. */
static int take_pci(const struct bp_claim *claim, struct bp_lock *lock,
		    char holder[BP_LOCK_HOLDER_BYTES])
{
	char path[64];
	int fd;

	if (!pci_path(claim, path) || (mkdir(FOLDER, 0755) && errno != EEXIST))
		return 0;
	/* Not readable for others: an open file is all that a lock needs. */
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? 0 : take_file(fd, false, lock, holder);
}

/* ---- all ------------------------------------------------------------------------------------- */

int bp_lock_take(const struct bp_claim *claim, struct bp_lock *lock,
		 char holder[BP_LOCK_HOLDER_BYTES])
{
	*lock = (struct bp_lock){ .fd = -1 };
	if (claim->kind == BP_CLAIM_NETDEV && !claim->is_sending)
		return take_name(claim, lock, holder);
	if (claim->kind == BP_CLAIM_FILE)
		return take_capture(claim, lock, holder);
	return claim->kind == BP_CLAIM_PCI ? take_pci(claim, lock, holder) : 0;
}

void bp_lock_release(struct bp_lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	*lock = (struct bp_lock){ .fd = -1 };
}

/* The process with a lock that bp_lock_take() would find in its way. */
static bool find_holder(const struct bp_claim *claim, pid_t *pid)
{
	char path[64];
	struct stat st;
	bool is_file = claim->kind == BP_CLAIM_FILE;

	if ((claim->kind == BP_CLAIM_NETDEV && !claim->is_sending) || is_written_pipe(claim))
		return find_listener(claim, pid);
	if (!is_file && (claim->kind != BP_CLAIM_PCI || !pci_path(claim, path)))
		return false;
	return !stat(is_file ? file_of(claim) : path, &st) && S_ISREG(st.st_mode) &&
	       find_flock(&st, !claim->is_read, pid);
}

bool bp_lock_is_held(const struct bp_claim *claim, char holder[BP_LOCK_HOLDER_BYTES])
{
	pid_t pid;
	bool is_held = find_holder(claim, &pid);

	if (is_held)
		name_holder(pid, holder);
	return is_held;
}

/*
 * Has it been killed, or does it end: does it only have to close what it has? Of its first thread, which the others
 * cannot outlive by much. Source: proc_pid_stat(5), fields 9 (PF_EXITING of include/linux/sched.h) and 31.
 */
static bool is_ending(pid_t pid)
{
	char path[32], text[1024];
	unsigned flags = 0;
	unsigned long pending = 0;
	const char *fields;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	fields = strrchr(text, ')'); /* behind the name, which may hold anything */
	if (!fields || sscanf(fields,
			      ") %*c %*s %*s %*s %*s %*s %u %*s %*s %*s %*s %*s %*s %*s %*s %*s "
			      "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu",
			      &flags, &pending) != 2)
		return false;
	return flags & PF_EXITING || pending & 1ul << (SIGKILL - 1);
}

bool bp_lock_is_left(const struct bp_claim *claim)
{
	pid_t pid = UNKNOWN_PID;

	return find_holder(claim, &pid) && pid != UNKNOWN_PID && is_ending(pid);
}

void bp_lock_serve(const struct bp_lock *lock)
{
	int fd = -1;

	do {
		if (fd >= 0)
			close(fd);
		fd = lock->is_listening ? accept4(lock->fd, NULL, NULL, SOCK_CLOEXEC) : -1;
	} while (fd >= 0);
}
