/* A QEMU plugin that counts the instructions that a program begins: the count that perfvec's is held
 * against. What faults is begun, and begun again where a handler repairs it. The number is in a
 * file all the time, so that it is there when a signal ends the program. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../qemu-glue/qemu_api.h"

int qemu_plugin_version = PERFVEC_QEMU_API;

static volatile uint64_t *count;

static void begin(unsigned vcpu, void *user) {
    (void)vcpu, (void)user;
    ++*count;
}

static void translate(qemu_plugin_id id, struct qemu_plugin_tb *tb) {
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
        qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_tb_get_insn(tb, i), begin,
                                               QEMU_CB_NO_REGS, NULL);
}

int qemu_plugin_install(qemu_plugin_id id, const struct qemu_plugin_host *host, int argc,
                        char **argv) {
    (void)host;
    int fd = argc == 1 && !strncmp(argv[0], "out=", 4)
                 ? open(argv[0] + 4, O_RDWR | O_CREAT | O_TRUNC, 0600)
                 : -1;
    if (fd < 0 || ftruncate(fd, sizeof *count))
        return 1;
    count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    return count == MAP_FAILED;
}
