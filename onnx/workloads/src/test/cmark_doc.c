/* cmark: CommonMark source to HTML and back to CommonMark.
 * args: sections */
#include <cmark.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 10;
    char *doc = malloc((size_t)n * 400 + 1), *p = doc;
    for (int i = 0; i < n; i++)
        p += sprintf(p, "%.*s Section %d\n\nPara with *emphasis %d*, `code`, [a link](/u%d \"T\") and"
                     " <em>raw</em> &copy;\ntwo lines\\\nbreak.\n\n%s\n\n    indented %x\n\n"
                     "%d) first\n%d) second\n   - inner ![img](x.png)\n\n***\n\n",
                     1 + i % 4, "####", i, i * i, i, i % 3 ? "> quote **strong** text\nlazy" : "Setext\n---",
                     i * 40503, i + 1, i + 2);
    cmark_node *root = cmark_parse_document(doc, (size_t)(p - doc), CMARK_OPT_DEFAULT);
    char *html = cmark_render_html(root, CMARK_OPT_DEFAULT);
    char *md = cmark_render_commonmark(root, CMARK_OPT_DEFAULT, 60);
    unsigned sum = 0;
    for (const char *c = html; *c; c++)
        sum = sum * 131 + (unsigned char)*c;
    for (const char *c = md; *c; c++)
        sum = sum * 131 + (unsigned char)*c;
    printf("checksum %08x %zu\n", sum, strlen(html));
    return 0;
}
