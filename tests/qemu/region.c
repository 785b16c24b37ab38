/* The guest of tests/regions.rs: what retires between which labels is counted by hand there. */

/* A hundred trips of two instructions, with a begin marker before and an end marker behind. */
__asm__(".text\n"
        ".option push\n"
        ".option norelax\n"
        ".globl measured, trip\n"
        ".type measured, @function\n"
        "measured:\n"
        "    mv t1, ra\n"
        "    slti zero, zero, 0x501\n"
        "    li t0, 100\n"
        "trip:\n"
        "    addi t0, t0, -1\n"
        "    bnez t0, trip\n"
        "    slti zero, zero, 0x502\n"
        "    mv ra, t1\n"
        "    ret\n"
        ".size measured, . - measured\n"
        ".option pop\n");

void measured(void);

int main(void) {
    for (int i = 0; i < 3; i++)
        measured();
    return 0;
}
