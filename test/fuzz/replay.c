/* Feeds every file of the folders of seeds to a fuzz target, as an ordinary test. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input lies in a heap block of exactly its size, so that ASan sees one byte too far. */
static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;
	long size;
	int err = -1;

	if (!file)
		return -1;
	if (fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET))
		goto out_file;
	data = malloc((size_t)size + !size);
	if (!data)
		goto out_file;
	if (fread(data, 1, (size_t)size, file) == (size_t)size) {
		LLVMFuzzerTestOneInput(data, (size_t)size);
		err = 0;
	}
	free(data);
out_file:
	fclose(file);
	return err;
}

/* 0, or -1: the folder or a file of it cannot be read, or there is none: an empty corpus tests nothing. */
static int replay_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	unsigned n_files = 0;
	int err = 0;

	while (dir && !err && (entry = readdir(dir))) {
		char path[PATH_MAX];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		printf("%s\n", path);
		err = replay_file(path);
		n_files++;
	}
	if (dir)
		closedir(dir);
	if (!err && n_files)
		return 0;
	fprintf(stderr, "%s: a file cannot be read, or there is none\n", folder);
	return -1;
}

int main(int argc, char **argv)
{
	int err = argc < 2;

	for (int i = 1; i < argc && !err; i++)
		err = replay_folder(argv[i]);
	return err ? 1 : 0;
}
