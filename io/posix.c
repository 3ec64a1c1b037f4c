/* System calls on files, whole or failed: interrupted and short ones go on, failures say what and
 * where. */
#include "format.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

da_status da__fail_errno(struct da__error *err, int code, const char *path, const char *what)
{
    char buf[128];
    if (code == ENOENT)
        return da__fail(err, DA_ERR_IO, "%s: no such file", path);
    return da__fail(err, code == ENOMEM ? DA_ERR_MEMORY : DA_ERR_IO, "%s: %s: %s", path, what,
                    strerror_r(code, buf, sizeof buf));
}

da_status da__open_file(const char *path, int *fd, int64_t *nbytes, struct da__error *err)
{
    struct stat st;
    /* O_NONBLOCK: a FIFO without a writer must not hang us before we see that it is one. */
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0)
        return da__fail_errno(err, errno, path, "cannot open");
    da_status status = DA_OK;
    if (fstat(*fd, &st) != 0)
        status = da__fail_errno(err, errno, path, "cannot look at it");
    else if (!S_ISREG(st.st_mode))
        status = da__fail(err, DA_ERR_IO, "%s: is %s, not a file", path,
                          S_ISDIR(st.st_mode) ? "a folder" : "a device, pipe or socket");
    if (status != DA_OK) {
        close(*fd);
        *fd = -1;
        return status;
    }
    *nbytes = (int64_t)st.st_size;
    return DA_OK;
}

da_status da__pread_all(int fd, const char *path, void *out, int64_t nbytes, int64_t offset,
                        struct da__error *err)
{
    char text[128];
    uint8_t *at = out;
    while (nbytes > 0) {
        ssize_t n = pread(fd, at, (size_t)nbytes, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return da__fail(err, DA_ERR_IO, "%s: reading %lld bytes at byte %lld: %s", path,
                            (long long)nbytes, (long long)offset,
                            strerror_r(errno, text, sizeof text));
        if (n == 0)
            return da__fail(err, DA_ERR_IO, "%s: the file ends at byte %lld, %lld bytes too early",
                            path, (long long)offset, (long long)nbytes);
        at += n;
        nbytes -= n;
        offset += n;
    }
    return DA_OK;
}

da_status da__pwrite_all(int fd, const char *path, const void *data, int64_t nbytes, int64_t offset,
                         struct da__error *err)
{
    char text[128];
    const uint8_t *at = data;
    while (nbytes > 0) {
        ssize_t n = pwrite(fd, at, (size_t)nbytes, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return da__fail(err, DA_ERR_IO, "%s: writing %lld bytes at byte %lld: %s", path,
                            (long long)nbytes, (long long)offset,
                            n == 0 ? "nothing was taken" : strerror_r(errno, text, sizeof text));
        at += n;
        nbytes -= n;
        offset += n;
    }
    return DA_OK;
}

da_status da__fsync(int fd, const char *path, struct da__error *err)
{
    while (fsync(fd) != 0) {
        if (errno != EINTR)
            return da__fail_errno(err, errno, path, "cannot flush to disk");
    }
    return DA_OK;
}
