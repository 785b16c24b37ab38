/* JSON: generate a document, parse it into a tree, print it again.
 * args: seed depth rounds */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct value { char kind; int n; double num; char *text; struct value *item;
    char **key; } value;
static unsigned s;
static char *out;
static size_t used, room;

static void emit(const char *t) {
    size_t n = strlen(t);
    if (used + n + 1 > room)
        out = realloc(out, room = (used + n + 1) * 2);
    memcpy(out + used, t, n + 1);
    used += n;
}

static void make(int depth) {
    char buf[48];
    s = s * 1812433253u + 1;
    unsigned r = s >> 16;
    if (depth == 0 || r % 9 == 0) {
        switch (r % 5) {
        case 0: sprintf(buf, "%d", (int)(r - 30000)); break;
        case 1: sprintf(buf, "%u.%ue%d", r & 15, r % 977, (int)(r % 7) - 3); break;
        case 2: sprintf(buf, "\"s\\n%x\\u00e%x\\\"\"", r, r & 7); break;
        case 3: strcpy(buf, r & 8 ? "true" : "false"); break;
        default: strcpy(buf, "null");
        }
        emit(buf);
        return;
    }
    int object = r & 1, n = 2 + r % 5;
    emit(object ? "{ " : "[");
    for (int i = 0; i < n; i++) {
        if (i)
            emit(", ");
        if (object) {
            sprintf(buf, "\"key%d\": ", i * 7);
            emit(buf);
        }
        make(depth - 1);
    }
    emit(object ? "}" : " ]");
}

static const char *space(const char *p) {
    while (*p == ' ' || *p == '\n')
        p++;
    return p;
}

static const char *string(const char *p, char **to) {
    char *t = *to = malloc(strcspn(p + 1, "]},:") + 64);
    for (p++; *p != '"'; p++) {
        if (*p != '\\') {
            *t++ = *p;
            continue;
        }
        if (*++p == 'u') {
            char hex[5] = {p[1], p[2], p[3], p[4], 0};
            *t++ = (char)strtol(hex, 0, 16);
            p += 4;
        } else
            *t++ = *p == 'n' ? '\n' : *p;
    }
    *t = 0;
    return p + 1;
}

static const char *parse(const char *p, value *v) {
    p = space(p);
    memset(v, 0, sizeof *v);
    v->kind = *p;
    if (*p == '"')
        return string(p, &v->text);
    if (*p == '{' || *p == '[') {
        char end = *p == '{' ? '}' : ']';
        for (p = space(p + 1); *p != end; p = space(p)) {
            if (*p == ',')
                p = space(p + 1);
            v->item = realloc(v->item, sizeof(value) * (v->n + 1));
            if (end == '}') {
                v->key = realloc(v->key, sizeof(char *) * (v->n + 1));
                p = space(string(p, &v->key[v->n])) + 1;
            }
            p = parse(p, &v->item[v->n++]);
        }
        return p + 1;
    }
    if (*p == 't' || *p == 'n')
        return p + 4;
    if (*p == 'f')
        return p + 5;
    char *end;
    v->kind = '0';
    v->num = strtod(p, &end);
    return end;
}

static unsigned hash(const value *v, unsigned h) {
    h = h * 31 + v->kind;
    if (v->text)
        for (const char *c = v->text; *c; c++)
            h = h * 33 + *c;
    h += (unsigned)(long)(v->num * 16);
    for (int i = 0; i < v->n; i++)
        h = hash(v->item + i, h + (v->key ? v->key[i][3] : 0));
    return h;
}

static void release(value *v) {
    for (int i = 0; i < v->n; i++) {
        release(v->item + i);
        if (v->key)
            free(v->key[i]);
    }
    free(v->item), free(v->key), free(v->text);
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int depth = argc > 2 ? atoi(argv[2]) : 5, rounds = argc > 3 ? atoi(argv[3]) : 3;
    unsigned sum = 0;
    for (int i = 0; i < rounds; i++) {
        value v;
        used = 0;
        make(depth);
        parse(out, &v);
        sum = hash(&v, sum);
        release(&v);
    }
    printf("checksum %08x %zu\n", sum, used);
    return 0;
}
