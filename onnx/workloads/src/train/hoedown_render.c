/* Hoedown: render generated Markdown with its extensions to HTML.
 * args: seed paragraphs */
#include <document.h>
#include <html.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    unsigned s = argc > 1 ? strtoul(argv[1], 0, 0) : 5, sum = 0;
    int n = argc > 2 ? atoi(argv[2]) : 60;
    static const char *const piece[] = {"# Title *one*\n\n", "Some **bold** and _plain_ text, ",
        "* item `code`\n* item [link](http://a.b/c \"t\")\n  * nested\n\n", "> quoted line\n> more\n\n",
        "```c\nint x = 1 < 2;\n```\n\n", "| a | b |\n|---|:-:|\n| 1 | 2 |\n| 3 | ~~4~~ |\n\n",
        "1. first\n2. second\n\n", "http://example.org/x?y=1&z=2 <b>html</b> &amp; ",
        "a line with a footnote[^1] and \"quotes\"\n\n", "\n---\n\n", "super^script and ==mark== \\* "};
    hoedown_buffer *in = hoedown_buffer_new(1024), *out = hoedown_buffer_new(1024);
    for (int i = 0; i < n; i++) {
        s ^= s << 13, s ^= s >> 17, s ^= s << 5;
        hoedown_buffer_puts(in, piece[s % 11]);
    }
    hoedown_buffer_puts(in, "\n\n[^1]: the note\n");
    hoedown_renderer *r = hoedown_html_renderer_new(0, 3);
    hoedown_document *d = hoedown_document_new(r, (hoedown_extensions)0xffff, 16);
    hoedown_document_render(d, out, in->data, in->size);
    hoedown_buffer *smart = hoedown_buffer_new(1024);
    hoedown_html_smartypants(smart, out->data, out->size);
    for (size_t i = 0; i < smart->size; i++)
        sum = sum * 33 + smart->data[i];
    printf("checksum %08x %zu\n", sum, smart->size);
    return 0;
}
