/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "credential.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "config.h"
#include "file.h"
#include "instances.h"
#include "text.h"

#define DECRYPT_PROGRAM "systemd-creds"

/* What the chain of keys looks for. */
static const char *const key_files[] = { "aws_key_id", "aws_secret", "aws_session_token" };

/* systemd.exec(5), LoadCredential=; encrypted ones are found in both kinds of store. */
static const struct {
        const char *path;
        bool is_encrypted;
} stores[] = {
        { "/etc/credstore.encrypted", true },  { "/run/credstore.encrypted", true },
        { "/usr/lib/credstore.encrypted", true }, { "/etc/credstore", false },
        { "/run/credstore", false },           { "/usr/local/lib/credstore", false },
        { "/usr/lib/credstore", false },
};

int credential_find(const ServiceCredential *credential, char **ret) {
        if (*credential->path == '/') {
                *ret = strdup(credential->path);
                return *ret ? 0 : -ENOMEM;
        }
        for (size_t i = 0; i < ELEMENTSOF(stores); i++) {
                _cleanup_free_ char *path = NULL;

                if (stores[i].is_encrypted && !credential->is_encrypted)
                        continue;
                if (asprintf(&path, "%s/%s", stores[i].path, credential->path) < 0)
                        return path = NULL, -ENOMEM;
                if (access(path, F_OK) == 0) {
                        *ret = TAKE_PTR(path);
                        return 0;
                }
        }
        return -ENOENT;
}

static int read_pipe(int fd, char **ret, size_t *ret_size) {
        _cleanup_secret_ char *data = calloc(1, CREDENTIAL_SIZE_MAX + 1);
        size_t size = 0;
        ssize_t n;

        if (!data)
                return -ENOMEM;
        while ((n = read(fd, data + size, CREDENTIAL_SIZE_MAX - size)) > 0)
                size += (size_t) n;
        if (n < 0)
                return -errno;
        *ret = TAKE_PTR(data);
        *ret_size = size;
        return 0;
}

static int spawn_decryption(const char *id, const char *path, int output, pid_t *ret) {
        _cleanup_free_ char *name = NULL;
        posix_spawn_file_actions_t actions;
        int r;

        if (asprintf(&name, "--name=%s", id) < 0)
                return name = NULL, -ENOMEM;
        if (posix_spawn_file_actions_init(&actions) != 0)
                return -ENOMEM;
        r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        /* What it says on stderr is systemd's own, and of no use beside our sentence. */
        if (r == 0)
                r = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        if (r == 0)
                r = posix_spawnp(ret, DECRYPT_PROGRAM, &actions, NULL,
                                 (char *[]) { (char *) DECRYPT_PROGRAM, name, (char *) "decrypt", (char *) path,
                                              (char *) "-", NULL },
                                 environ);
        posix_spawn_file_actions_destroy(&actions);
        return -r;
}

static int decrypt(const char *id, const char *path, char **ret, size_t *ret_size) {
        _cleanup_secret_ char *text = NULL;
        _cleanup_close_ int from = -1;
        int ends[2], status = 0, r;
        pid_t pid = 0;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        from = ends[0];
        r = spawn_decryption(id, path, ends[1], &pid);
        close(ends[1]);
        if (r < 0)
                return r;
        r = read_pipe(from, &text, ret_size);
        if (waitpid(pid, &status, 0) < 0)
                return -errno;
        if (r < 0)
                return r;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                return -EKEYREJECTED;
        *ret = TAKE_PTR(text);
        return 0;
}

int credential_open(const ServiceCredential *credential, char **ret, size_t *ret_size) {
        _cleanup_free_ char *path = NULL;
        int r = credential_find(credential, &path);

        if (r < 0)
                return r;
        return credential->is_encrypted ? decrypt(credential->id, path, ret, ret_size) :
                                          read_small_file(path, CREDENTIAL_SIZE_MAX, ret, ret_size);
}

int credential_find_config(const Service *service, const char *instance, char **ret) {
        const ServiceCredential *credential = service_credential(service, "config");
        char path[INSTANCE_PATH_MAX];

        if (credential && credential_find(credential, ret) >= 0)
                return 0;
        *ret = strdup(instance_config_path(path, instance));
        return *ret ? 0 : -ENOMEM;
}

bool credential_config_is_encrypted(const Service *service) {
        const ServiceCredential *credential = service_credential(service, "config");

        return credential && credential->is_encrypted;
}

int credential_read_config(const Service *service, const char *path, char **ret, size_t *ret_size) {
        return credential_config_is_encrypted(service) ? decrypt("config", path, ret, ret_size) :
                                                         read_small_file(path, CONFIG_SIZE_MAX, ret, ret_size);
}

const char *credential_error(int error) {
        return error == -EKEYREJECTED ? "systemd-creds cannot decrypt it on this machine" : strerror(-error);
}

/* fsopen(2): a tmpfs that no path leads to but that of its descriptor. */
static int make_copy(CredentialsCopy *ret) {
        _cleanup_close_ int fs_fd = fsopen("tmpfs", FSOPEN_CLOEXEC), mount_fd = -1;

        if (fs_fd < 0 || fsconfig(fs_fd, FSCONFIG_SET_STRING, "mode", "0700", 0) < 0 ||
            fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return -errno;
        mount_fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
        if (mount_fd < 0)
                return -errno;
        if (asprintf(&ret->directory, "/proc/self/fd/%d", mount_fd) < 0)
                return ret->directory = NULL, -ENOMEM;
        ret->mount_fd = TAKE_FD(mount_fd);
        return 0;
}

static int write_copy(const char *directory, const char *id, const char *data, size_t size) {
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s/%s", directory, id) < 0)
                return path = NULL, -ENOMEM;
        return write_file_atomic(path, data, size);
}

/* 0, also where there is none or it was said why not; or a negative errno. */
static int copy_one(const Service *service, const char *id, Findings *findings, CredentialsCopy *copy) {
        const ServiceCredential *credential = service_credential(service, id);
        _cleanup_secret_ char *text = NULL;
        size_t size = 0;
        int r;

        r = credential ? credential_open(credential, &text, &size) : -ENOENT;
        if (r == -ENOENT && (!credential || *credential->path != '/'))
                return 0;
        if (r < 0) {
                findings_add(findings, FINDING_FAILED, "credentials", "LoadCredential%s=%s:%s: %s",
                             credential->is_encrypted ? "Encrypted" : "", id, credential->path,
                             credential_error(r));
                findings_remedy(findings, credential->is_encrypted ?
                                        "encrypt it anew on this machine: systemd-creds encrypt --name=%s - %s" :
                                        "write the file for %s at %s",
                                id, credential->path);
                return 0;
        }
        r = copy->directory ? 0 : make_copy(copy);
        return r < 0 ? r : write_copy(copy->directory, id, text, size);
}

int credentials_copy(const Service *service, Findings *findings, CredentialsCopy *ret) {
        _cleanup_(credentials_copy_done) CredentialsCopy copy = {};

        for (size_t i = 0; i < ELEMENTSOF(key_files); i++) {
                int r = copy_one(service, key_files[i], findings, &copy);

                if (r < 0)
                        return r;
        }
        *ret = copy;
        copy.directory = NULL;
        return 0;
}

void credentials_copy_done(CredentialsCopy *copy) {
        if (!copy->directory)
                return;
        close(copy->mount_fd);
        free(copy->directory);
        copy->directory = NULL;
}
