/* Expat: parse generated XML with namespaces, attributes and entities.
 * args: seed elements */
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned sum;

static void XMLCALL start(void *d, const char *name, const char **attr) {
    (void)d;
    sum = sum * 31 + (unsigned)strlen(name);
    for (; *attr; attr += 2)
        sum = sum * 7 + attr[1][0];
}
static void XMLCALL end(void *d, const char *name) {
    (void)d;
    sum += name[0];
}
static void XMLCALL text(void *d, const char *s, int n) {
    (void)d;
    for (int i = 0; i < n; i++)
        sum = sum * 3 + s[i];
}

int main(int argc, char **argv) {
    unsigned s = argc > 1 ? strtoul(argv[1], 0, 0) : 1;
    int n = argc > 2 ? atoi(argv[2]) : 100;
    char *xml = malloc(200 + 160 * (size_t)n), *p = xml;
    p += sprintf(p, "<?xml version=\"1.0\"?><!DOCTYPE r [<!ENTITY co \"Company &#169;\">]>"
                    "<r xmlns:x=\"urn:x\">");
    for (int i = 0; i < n; i++) {
        s = s * 22695477u + 1;
        p += sprintf(p, s >> 30 ? "<x:item id=\"%d\" kind='k%u'>&co; text &lt;%u&gt;</x:item>\n"
                     : "<g a=\"%d\"><!-- note %u --><b/><![CDATA[raw %u]]></g>", i, s >> 24, s >> 9 & 99);
    }
    strcpy(p, "</r>");
    XML_Parser x = XML_ParserCreateNS(0, '|');
    XML_SetHashSalt(x, 12345);
    XML_SetElementHandler(x, start, end);
    XML_SetCharacterDataHandler(x, text);
    if (XML_Parse(x, xml, (int)strlen(xml), 1) != XML_STATUS_OK)
        return 1;
    XML_ParserFree(x);
    printf("checksum %08x\n", sum);
    return 0;
}
