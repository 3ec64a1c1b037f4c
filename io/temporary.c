/* Files that appear complete or not at all: written beside the target under another name, flushed,
 * renamed. */
#include "format.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* A temporary name keeps at most so much of the target's, since names end at 255 bytes. */
#define NAME_KEPT 200
#define COPY_BYTES (1 << 20)

void da__temporary_init(struct da__temporary *t)
{
    *t = (struct da__temporary){.fd = -1};
}

/* The file that writing to `target` would change: the one a symbolic link points at. */
static char *resolve(const char *target)
{
    struct stat st;
    if (lstat(target, &st) == 0 && S_ISLNK(st.st_mode)) {
        char *real = realpath(target, NULL);
        if (real != NULL) {
            char *copy = da__strdup(real);
            free(real);
            return copy;
        }
    }
    return da__strdup(target);
}

static int folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (int)(slash - path) + 1;
}

da_status da__temporary_name(struct da__temporary *t, const char *target, uint64_t token,
                             struct da__error *err)
{
    t->target = resolve(target);
    if (t->target == NULL)
        return da__fail(err, DA_ERR_MEMORY, "%s: no memory for a file name", target);
    int folder = folder_length(t->target);
    const char *name = t->target + folder;
    if (*name == '\0')
        return da__fail(err, DA_ERR_ARGUMENT, "%s: names a folder, not a file", target);
    struct da__text text = {0};
    da__text_add(&text, "%.*s.%.*s.%016" PRIx64 ".part", folder, t->target, NAME_KEPT, name, token);
    if (text.failed) {
        da__text_free(&text);
        return da__fail(err, DA_ERR_MEMORY, "%s: no memory for a file name", target);
    }
    t->path = da__strdup(text.s);
    da__text_free(&text);
    return t->path != NULL ? DA_OK
                           : da__fail(err, DA_ERR_MEMORY, "%s: no memory for a file name", target);
}

/* What is in the target's place already: the mode to keep, or a reason to refuse. */
static da_status check_target(const struct da__temporary *t, mode_t *mode, bool *exists,
                              struct da__error *err)
{
    struct stat st;
    *exists = stat(t->target, &st) == 0;
    if (!*exists) {
        if (errno == ENOENT || errno == ENOTDIR)
            return DA_OK; /* a missing folder shows when the temporary is made */
        return da__fail_errno(err, errno, t->target, "cannot look at it");
    }
    if (!S_ISREG(st.st_mode))
        return da__fail(err, DA_ERR_IO, "%s: is %s and is not overwritten", t->target,
                        S_ISDIR(st.st_mode) ? "a folder" : "a device, pipe or socket");
    *mode = st.st_mode & 0777;
    return DA_OK;
}

static da_status fail_make(const struct da__temporary *t, int code, struct da__error *err)
{
    if (code == ENOENT || code == ENOTDIR)
        return da__fail(err, DA_ERR_IO, "%s: no such folder", t->target);
    if (code == EEXIST)
        return da__fail(err, DA_ERR_STATE, "%s: is being written already (%s exists)", t->target,
                        t->path);
    return da__fail_errno(err, code, t->target, "cannot write in its folder");
}

da_status da__temporary_make(struct da__temporary *t, struct da__error *err)
{
    mode_t mode = 0666;
    bool exists = false;
    DA_TRY(check_target(t, &mode, &exists, err));
    t->fd = open(t->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (t->fd < 0)
        return fail_make(t, errno, err);
    t->made = true;
    da__unfinished_add(t);
    if (exists && fchmod(t->fd, mode) != 0)
        return da__fail_errno(err, errno, t->path, "cannot set its mode");
    return DA_OK;
}

da_status da__temporary_open(struct da__temporary *t, struct da__error *err)
{
    t->fd = open(t->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    return t->fd >= 0 ? DA_OK : da__fail_errno(err, errno, t->path, "cannot open");
}

static da_status fail_reserve(const struct da__temporary *t, int64_t nbytes, int code,
                              struct da__error *err)
{
    struct statvfs fs;
    if ((code != ENOSPC && code != EDQUOT) || fstatvfs(t->fd, &fs) != 0)
        return da__fail_errno(err, code, t->target, "cannot make room for it");
    return da__fail(err, DA_ERR_IO, "%s: needs %lld bytes, the disk has %lld free%s", t->target,
                    (long long)nbytes, (long long)fs.f_bavail * (long long)fs.f_frsize,
                    code == EDQUOT ? " and a quota holds" : "");
}

da_status da__temporary_reserve(struct da__temporary *t, int64_t nbytes, struct da__error *err)
{
    int rc;
    if (nbytes == 0)
        return DA_OK;
    do
        rc = fallocate(t->fd, 0, 0, (off_t)nbytes);
    while (rc != 0 && errno == EINTR);
    /* Where the file system cannot reserve, the size alone is set; glibc's emulation would write
     * every block. */
    if (rc != 0 && (errno == EOPNOTSUPP || errno == ENOSYS))
        rc = ftruncate(t->fd, (off_t)nbytes);
    return rc == 0 ? DA_OK : fail_reserve(t, nbytes, errno, err);
}

da_status da__temporary_copy_target(struct da__temporary *t, struct da__error *err)
{
    int from = -1;
    int64_t nbytes = 0;
    DA_TRY(da__open_file(t->target, &from, &nbytes, err));
    void *buf = da__alloc(COPY_BYTES);
    da_status status = buf != NULL
                           ? da__temporary_reserve(t, nbytes, err)
                           : da__fail(err, DA_ERR_MEMORY, "%s: no memory to copy it", t->target);
    for (int64_t at = 0; status == DA_OK && at < nbytes; at += COPY_BYTES) {
        int64_t n = nbytes - at < COPY_BYTES ? nbytes - at : COPY_BYTES;
        status = da__pread_all(from, t->target, buf, n, at, err);
        if (status == DA_OK)
            status = da__pwrite_all(t->fd, t->target, buf, n, at, err);
    }
    da__free(buf);
    close(from);
    return status;
}

/* So that the new name itself survives a power cut. Some file systems cannot sync folders (EINVAL).
 */
static da_status sync_folder(const struct da__temporary *t, struct da__error *err)
{
    int folder = folder_length(t->target);
    struct da__text text = {0};
    da__text_add(&text, "%.*s", folder, t->target);
    if (text.failed) {
        da__text_free(&text);
        return da__fail(err, DA_ERR_MEMORY, "%s: no memory for a file name", t->target);
    }
    int fd = open(folder == 0 ? "." : text.s, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    da__text_free(&text);
    if (fd < 0)
        return DA_OK; /* a folder one may write in but not read */
    int rc = fsync(fd);
    int code = errno;
    close(fd);
    if (rc != 0 && code != EINVAL && code != EROFS && code != ENOTSUP)
        return da__fail_errno(err, code, t->target, "written, but its folder is not flushed");
    return DA_OK;
}

da_status da__temporary_commit(struct da__temporary *t, struct da__error *err)
{
    DA_TRY(da__fsync(t->fd, t->target, err));
    int rc = close(t->fd);
    t->fd = -1;
    if (rc != 0 && errno != EINTR)
        return da__fail_errno(err, errno, t->target, "cannot close");
    if (rename(t->path, t->target) != 0)
        return da__fail_errno(err, errno, t->target, "cannot rename the finished file to it");
    t->made = false;
    da__unfinished_drop(t);
    return sync_folder(t, err);
}

void da__temporary_discard(struct da__temporary *t)
{
    if (t->fd >= 0)
        close(t->fd);
    if (t->made) {
        unlink(t->path);
        da__unfinished_drop(t);
    }
    da__free(t->target);
    da__free(t->path);
    da__temporary_init(t);
}
