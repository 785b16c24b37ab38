/* Zydis: encode x86-64 instructions, decode them among noise, print both syntaxes.
 * args: seed bytes syntax(0 Intel, 1 AT&T) */
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned s;

static unsigned rnd(void) {
    return s ^= s << 13, s ^= s >> 17, s ^= s << 5;
}

/* One encoded instruction of a random form; returns its length. */
static size_t encode(unsigned char *out) {
    static const ZydisMnemonic two[] = {ZYDIS_MNEMONIC_MOV, ZYDIS_MNEMONIC_ADD, ZYDIS_MNEMONIC_XOR,
        ZYDIS_MNEMONIC_CMP, ZYDIS_MNEMONIC_SUB, ZYDIS_MNEMONIC_TEST, ZYDIS_MNEMONIC_AND};
    ZydisEncoderRequest r;
    memset(&r, 0, sizeof r);
    r.machine_mode = ZYDIS_MACHINE_MODE_LONG_64;
    r.mnemonic = two[rnd() % 7];
    r.operand_count = 2;
    r.operands[0].type = ZYDIS_OPERAND_TYPE_REGISTER;
    r.operands[0].reg.value = ZYDIS_REGISTER_RAX + rnd() % 16;
    if (rnd() % 3 == 0) {
        r.operands[1].type = ZYDIS_OPERAND_TYPE_IMMEDIATE;
        r.operands[1].imm.s = (int)(rnd() >> 8) - (1 << 23);
    } else if (rnd() % 2 && r.mnemonic != ZYDIS_MNEMONIC_TEST) {
        r.operands[1].type = ZYDIS_OPERAND_TYPE_MEMORY;
        r.operands[1].mem.base = ZYDIS_REGISTER_RAX + rnd() % 16;
        r.operands[1].mem.index = ZYDIS_REGISTER_RAX + rnd() % 4;
        r.operands[1].mem.scale = 1 << rnd() % 4;
        r.operands[1].mem.displacement = (int)(rnd() % 4096) - 2048;
        r.operands[1].mem.size = 8;
    } else {
        r.operands[1].type = ZYDIS_OPERAND_TYPE_REGISTER;
        r.operands[1].reg.value = ZYDIS_REGISTER_RAX + rnd() % 16;
    }
    ZyanUSize size = ZYDIS_MAX_INSTRUCTION_LENGTH;
    return ZYAN_SUCCESS(ZydisEncoderEncodeInstruction(&r, out, &size)) ? size : 0;
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoul(argv[1], 0, 0) : 4;
    int n = argc > 2 ? atoi(argv[2]) : 3000, style = argc > 3 ? atoi(argv[3]) : 0;
    unsigned char *code = malloc(n + 64);
    int end = 0;
    while (end < n)
        if (rnd() % 4)
            end += encode(code + end);
        else
            code[end++] = rnd(), code[end++] = rnd() % 3 ? 0x0f : 0xc5, code[end++] = rnd();
    ZydisDecoder decoder;
    ZydisFormatter formatter;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisFormatterInit(&formatter, style ? ZYDIS_FORMATTER_STYLE_ATT : ZYDIS_FORMATTER_STYLE_INTEL);
    unsigned sum = 0, bad = 0;
    for (int at = 0; at < end;) {
        ZydisDecodedInstruction insn;
        ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
        char text[160];
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code + at, end - at, &insn, op))) {
            bad++, at++;
            continue;
        }
        ZydisFormatterFormatInstruction(&formatter, &insn, op, insn.operand_count_visible, text,
            sizeof text, 0x401000 + at, NULL);
        for (char *t = text; *t; t++)
            sum = sum * 33 + *t;
        at += insn.length;
    }
    printf("checksum %08x %u\n", sum, bad);
    return 0;
}
