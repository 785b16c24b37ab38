/* A BASIC with line numbers: tokenised lines, floating variables, arrays, GOSUB, FOR;
 * expressions by recursive descent at run time. args: program(0-2, 3 all) n */
#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUM = 1, VAR, KEY, OP, END };
typedef struct { uint8_t kind, code; double value; } token;
static token prog[2048], *pc;
static int line_at[1024], line_no[1024], lines, used;
static double var[26], array[1024];
static struct { int v; double to, step; token *back; } loops[16];
static token *calls[32];
static int depth, nested;
static double out;
static long steps;

static const char *const keys[] = {"LET", "IF", "THEN", "GOTO", "GOSUB", "RETURN", "FOR", "TO",
    "STEP", "NEXT", "PRINT", "DIM", "STOP", "INT", "SQR", "ABS", "MOD", "AND"};
enum { LET, IF, THEN, GOTO, GOSUB, RETURN, FOR, TO, STEP, NEXT, PRINT, DIM, STOP, INT, SQR, ABS,
    MOD, AND };

static void load(const char *p) {
    used = lines = depth = nested = 0;
    while (*p) {
        line_no[lines] = (int)strtol(p, (char **)&p, 10);
        line_at[lines++] = used;
        while (*p && *p != '\n') {
            token *t = prog + used++;
            if (*p == ' ') {
                p++, used--;
            } else if (isdigit((unsigned char)*p)) {
                *t = (token){NUM, 0, strtod(p, (char **)&p)};
            } else if (isupper((unsigned char)*p)) {
                int k = 0, n = 1;
                while (isupper((unsigned char)p[n]))
                    n++;
                while (n > 1 && (strlen(keys[k]) != (size_t)n || strncmp(keys[k], p, (size_t)n)))
                    k++;
                *t = n > 1 ? (token){KEY, (uint8_t)k, 0} : (token){VAR, (uint8_t)(*p - 'A'), 0};
                p += n;
            } else
                *t = (token){OP, (uint8_t)*p++, 0};
        }
        prog[used++] = (token){END, 0, 0};
        p += *p == '\n';
    }
}

static double expression(void);

static int is(int kind, int code) { return pc->kind == kind && pc->code == code; }

static double factor(void) {
    token t = *pc++;
    double v;
    switch (t.kind) {
    case NUM: return t.value;
    case VAR:
        if (!is(OP, '('))
            return var[t.code];
        pc++;
        v = array[((int)expression() + t.code * 97) & 1023];
        pc++;
        return v;
    case KEY:
        v = factor();
        return t.code == INT ? floor(v) : t.code == SQR ? sqrt(fabs(v)) : fabs(v);
    default:
        if (t.code == '-')
            return -factor();
        v = expression();
        pc++;
        return v;
    }
}

static double term(void) {
    double v = factor();
    for (;;) {
        if (is(OP, '*')) {
            pc++, v *= factor();
        } else if (is(OP, '/')) {
            double d = (pc++, factor());
            v = d != 0 ? v / d : 0;
        } else if (is(KEY, MOD)) {
            double d = (pc++, factor());
            v = d != 0 ? fmod(v, d) : 0;
        } else
            return v;
    }
}

static double sum(void) {
    double v = term();
    while (is(OP, '+') || is(OP, '-'))
        v += pc++->code == '+' ? term() : -term();
    return v;
}

static double expression(void) {
    double v = sum();
    for (;;) {
        if (is(OP, '<')) {
            pc++;
            v = v < sum();
        } else if (is(OP, '>')) {
            pc++;
            v = v > sum();
        } else if (is(OP, '=')) {
            pc++;
            v = v == sum();
        } else if (is(KEY, AND)) {
            pc++;
            int both = sum() != 0;
            v = v != 0 && both;
        } else
            return v;
    }
}

static token *jump(int number) { /* as interpreters of the time: look from the first line */
    for (int i = 0; i < lines; i++)
        if (line_no[i] == number)
            return prog + line_at[i];
    return prog + used - 1;
}

static void assign(void) {
    int v = pc++->code, at = -1;
    if (is(OP, '(')) {
        pc++;
        at = ((int)expression() + v * 97) & 1023;
        pc++;
    }
    pc++;
    double x = expression();
    *(at < 0 ? var + v : array + at) = x;
}

static void run(void) {
    pc = prog;
    while (pc < prog + used) {
        steps++;
        if (pc->kind == END) {
            pc++;
            continue;
        }
        if (pc->kind == VAR) {
            assign();
            continue;
        }
        switch (pc++->code) {
        case LET: assign(); break;
        case IF:
            if (expression() == 0)
                while (pc->kind != END)
                    pc++;
            else if ((pc++, pc->kind == NUM))
                pc = jump((int)pc->value);
            break;
        case GOTO: pc = jump((int)pc->value); break;
        case GOSUB:
            calls[depth++ & 31] = pc + 1;
            pc = jump((int)pc->value);
            break;
        case RETURN: pc = calls[--depth & 31]; break;
        case FOR: {
            int v = pc->code;
            assign();
            pc++;
            double to = expression(), by = 1;
            if (is(KEY, STEP))
                pc++, by = expression();
            loops[nested].v = v, loops[nested].to = to;
            loops[nested].step = by, loops[nested++].back = pc;
            break;
        }
        case NEXT: {
            pc += pc->kind == VAR;
            double x = var[loops[nested - 1].v] += loops[nested - 1].step;
            if (loops[nested - 1].step > 0 ? x <= loops[nested - 1].to : x >= loops[nested - 1].to)
                pc = loops[nested - 1].back;
            else
                nested--;
            break;
        }
        case PRINT: out = out * 0.5 + expression(); break;
        default: return;
        }
    }
}

int main(int argc, char **argv) {
    int program = argc > 1 ? atoi(argv[1]) : 3;
    static const char *const text[] = {
        "10 FOR I = 2 TO N\n20 LET P(I) = 1\n30 NEXT I\n40 FOR I = 2 TO SQR N\n"
        "50 IF P(I) = 0 THEN 90\n60 FOR J = I * I TO N STEP I\n70 P(J) = 0\n80 NEXT J\n90 NEXT I\n"
        "100 C = 0\n110 FOR I = 2 TO N\n120 IF P(I) THEN C = C + 1\n130 NEXT I\n140 PRINT C\n"
        "150 STOP\n",
        "10 S = 7\n20 FOR I = 0 TO N\n30 S = (S * 109 + 57) MOD 1024\n40 A(I) = S\n50 NEXT I\n"
        "60 FOR G = 1 TO N\n70 T = A(G)\n80 J = G\n90 IF J < 1 THEN 130\n"
        "100 IF A(J - 1) < T THEN 130\n110 A(J) = A(J - 1)\n115 J = J - 1\n120 GOTO 90\n"
        "130 A(J) = T\n140 NEXT G\n150 PRINT A(INT (N / 2))\n160 STOP\n",
        "10 FOR Y = 0 TO N\n20 FOR X = 0 TO N\n30 GOSUB 100\n40 T = T + K\n50 NEXT X\n60 NEXT Y\n"
        "70 PRINT T\n80 STOP\n100 U = X * 3 / N - 2\n110 V = Y * 2 / N - 1\n120 A = 0\n125 B = 0\n"
        "130 K = 0\n140 W = A * A - B * B + U\n150 B = 2 * A * B + V\n160 A = W\n170 K = K + 1\n"
        "180 IF (K < 20) AND (A * A + B * B < 4) THEN 140\n190 RETURN\n"};
    for (int i = 0; i < 3; i++)
        if (program == 3 || program == i) {
            memset(var, 0, sizeof var);
            memset(array, 0, sizeof array);
            var['N' - 'A'] = argc > 2 ? atoi(argv[2]) : 20;
            load(text[i]);
            run();
        }
    printf("checksum %.6f %ld\n", out, steps);
    return 0;
}
