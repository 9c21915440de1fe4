/* The name of a running instance, and where its socket is. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/instance.h"

#include "core/secure.h"
#include "core/serve.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER       "/run/bypath"
#define GROUP        "bypath"
#define FOLDERS_MAX  2u
#define TRIES_MAX    64u /* names: NAME, NAME-2, … */
#define CLIENTS_WAIT 64

/* ---- where -------------------------------------------------------------------------------------- */

/* The folders to look into, the system's first. */
static unsigned list_folders(char folders[FOLDERS_MAX][BP_INSTANCE_PATH_BYTES])
{
	const char *own = bp_secure_is_on() ? NULL : getenv("XDG_RUNTIME_DIR");
	unsigned n = 1;

	strcpy(folders[0], FOLDER);
	/* "/bypath/NAME.live" is to fit behind it. */
	if (own && own[0] == '/' &&
	    strlen(own) + sizeof("/bypath/.live") + BP_INSTANCE_NAME_BYTES < BP_INSTANCE_PATH_BYTES)
		snprintf(folders[n++], BP_INSTANCE_PATH_BYTES, "%s/bypath", own);
	return n;
}

/* The folder for this process's sockets, made where it is not there. 0 or -errno of the last that was tried. */
static int make_folder(char folder[BP_INSTANCE_PATH_BYTES])
{
	char folders[FOLDERS_MAX][BP_INSTANCE_PATH_BYTES];
	unsigned n = list_folders(folders);
	int err = 0;

	for (unsigned i = 0; i < n; i++) {
		strcpy(folder, folders[i]);
		if ((!mkdir(folder, 0755) || errno == EEXIST) && !access(folder, W_OK | X_OK))
			return 0;
		err = -errno;
	}
	return err;
}

static void path_of(char path[BP_INSTANCE_PATH_BYTES], const char *folder, const char *name,
		    const char *kind)
{
	snprintf(path, BP_INSTANCE_PATH_BYTES, "%.*s/%.*s.%s", 52, folder,
		 (int)BP_INSTANCE_NAME_BYTES - 1, name, kind);
}

/* ---- names -------------------------------------------------------------------------------------- */

void bp_instance_stem(const char *file, char name[BP_INSTANCE_NAME_BYTES])
{
	char path[PATH_MAX], *stem, *dot;
	size_t n = 0;

	snprintf(path, sizeof(path), "%s", file);
	stem = basename(path);
	dot = strrchr(stem, '.');
	if (dot && dot > stem)
		*dot = '\0';
	for (; stem[n] && n < BP_INSTANCE_NAME_BYTES - 4; n++) /* room for "-99" */
		name[n] = isalnum((unsigned char)stem[n]) || strchr("_-", stem[n]) ? stem[n] : '-';
	name[n] = '\0';
	if (!n)
		strcpy(name, "bypath");
}

/* The lock of a name: of the file's description, so that asking for it (F_OFD_GETLK) takes nothing, which a start at the same
 * moment would find taken. */
static const struct flock whole_file = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

/* Is it the file at path that is open? Who ends removes it, so that its lock may be one that nobody else will find. */
static bool is_file_at(int fd, const char *path)
{
	struct stat open_file, there;

	return !fstat(fd, &open_file) && !lstat(path, &there) && open_file.st_ino == there.st_ino &&
	       open_file.st_dev == there.st_dev;
}

/* The group of those that may ask; (gid_t)-1: there is none. */
static gid_t find_group(void)
{
	const struct group *group = getgrnam(GROUP);

	return group ? group->gr_gid : (gid_t)-1;
}

/* Hold the lock of a name. The file descriptor or -errno; -EBUSY: another holds it. The file is its owner's alone: whoever else
 * could read it could lock it (F_RDLCK), and keep the name of an instance that is gone. */
static int take_name(const char *path)
{
	for (unsigned i = 0; i < TRIES_MAX; i++) {
		struct flock lock = whole_file;
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), err;

		if (fd < 0)
			return -errno;
		if (fcntl(fd, F_OFD_SETLK, &lock)) {
			err = errno == EAGAIN || errno == EACCES ? EBUSY : errno;
			close(fd);
			return -err;
		}
		if (is_file_at(fd, path)) {
			(void)!fchmod(fd, 0600); /* whatever an older one left */
			return fd;
		}
		close(fd); /* its owner removed it between the two calls */
	}
	return -EBUSY;
}

/*
 * Does an instance of this name run? The kernel is asked, not the instance, which may be stopped or busy. Who may not read
 * the lock's file (the group) asks the socket, which does not block: EAGAIN: as many as may wait do; EACCES: it runs, and is
 * not ours.
 */
static bool is_running(const char *folder, const char *name)
{
	struct flock lock = whole_file;
	char path[BP_INSTANCE_PATH_BYTES];
	int fd, err;

	path_of(path, folder, name, "live");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0) {
		err = fcntl(fd, F_OFD_GETLK, &lock);
		close(fd);
		return !err && lock.l_type != F_UNLCK;
	}
	if (errno != EACCES)
		return false;
	path_of(path, folder, name, "sock");
	err = bp_serve_try(path);
	return !err || err == EAGAIN || err == EACCES || err == EPERM;
}

/* The name's lock is held, so that what lies at the path is left over. */
static int listen_at(const char *path)
{
	int fd;

	unlink(path);
	fd = bp_serve_at(path, CLIENTS_WAIT);
	if (fd >= 0)
		(void)!lchown(path, (uid_t)-1, find_group()); /* without a group: the owner alone */
	return fd;
}

/* Nobody else takes the name from here until the lock is gone, and who opened the file before looks again. */
static void give_name_back(struct bp_instance *instance)
{
	size_t n = strlen(instance->path) - strlen("sock");
	char path[BP_INSTANCE_PATH_BYTES];

	if (instance->lock_fd < 0)
		return;
	snprintf(path, sizeof(path), "%.*slive", (int)n, instance->path);
	if (is_file_at(instance->lock_fd, path))
		unlink(path);
	close(instance->lock_fd);
	instance->lock_fd = -1;
}

static int open_name(struct bp_instance *instance, const char *folder, const char *name)
{
	char path[BP_INSTANCE_PATH_BYTES];
	int fd;

	path_of(path, folder, name, "live");
	fd = take_name(path);
	if (fd < 0)
		return fd;
	instance->lock_fd = fd;
	snprintf(instance->name, sizeof(instance->name), "%s", name);
	path_of(instance->path, folder, name, "sock");
	fd = listen_at(instance->path);
	if (fd >= 0) {
		instance->listen_fd = fd;
		return 0;
	}
	give_name_back(instance);
	return fd;
}

int bp_instance_open(struct bp_instance *instance, const char *name, bool is_fixed, char *why,
		     size_t why_bytes)
{
	char folder[BP_INSTANCE_PATH_BYTES], tried[BP_INSTANCE_NAME_BYTES];
	int err;

	*instance = (struct bp_instance){ .lock_fd = -1, .listen_fd = -1 };
	err = make_folder(folder);
	if (err) {
		snprintf(why, why_bytes, "%s: %s", folder, strerror(-err));
		return err;
	}
	snprintf(tried, sizeof(tried), "%s", name);
	err = open_name(instance, folder, tried);
	for (unsigned i = 2; err == -EBUSY && !is_fixed && i <= TRIES_MAX; i++) {
		snprintf(tried, sizeof(tried), "%.*s-%u", (int)BP_INSTANCE_NAME_BYTES - 5, name, i);
		err = open_name(instance, folder, tried);
	}
	if (err == -EBUSY)
		snprintf(why, why_bytes, "an instance named '%s' runs already", name);
	else if (err)
		snprintf(why, why_bytes, "%s/%s.sock: %s", folder, tried, strerror(-err));
	return err;
}

void bp_instance_close(struct bp_instance *instance)
{
	if (instance->listen_fd >= 0) {
		unlink(instance->path);
		close(instance->listen_fd);
	}
	instance->listen_fd = -1;
	give_name_back(instance);
}

/* ---- those that run ------------------------------------------------------------------------------ */

static bool is_listed(char names[][BP_INSTANCE_NAME_BYTES], size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

size_t bp_instance_list(char names[][BP_INSTANCE_NAME_BYTES])
{
	char folders[FOLDERS_MAX][BP_INSTANCE_PATH_BYTES];
	unsigned n_folders = list_folders(folders);
	size_t n = 0;

	for (unsigned i = 0; i < n_folders; i++) {
		DIR *dir = opendir(folders[i]);
		const struct dirent *entry;

		while (dir && n < BP_INSTANCES_MAX && (entry = readdir(dir))) {
			size_t len = strlen(entry->d_name);

			if (len < 6 || len - 5 >= BP_INSTANCE_NAME_BYTES ||
			    strcmp(entry->d_name + len - 5, ".sock") != 0)
				continue;
			memcpy(names[n], entry->d_name, len - 5);
			names[n][len - 5] = '\0';
			n += !is_listed(names, n, names[n]) && is_running(folders[i], names[n]);
		}
		if (dir)
			closedir(dir);
	}
	qsort(names, n, BP_INSTANCE_NAME_BYTES, compare_names);
	return n;
}

bool bp_instance_find(const char *name, char path[BP_INSTANCE_PATH_BYTES])
{
	char folders[FOLDERS_MAX][BP_INSTANCE_PATH_BYTES];
	unsigned n = list_folders(folders);

	if (!name[0] || strchr(name, '/') || strlen(name) >= BP_INSTANCE_NAME_BYTES)
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (!is_running(folders[i], name))
			continue;
		path_of(path, folders[i], name, "sock");
		return true;
	}
	return false;
}
