// CLD2: guess the languages of paragraphs made of common words of twelve of them.
// args: seed paragraphs words
#include <cstdio>
#include <cstdlib>
#include <string>

#include <compact_lang_det.h> // needs <cstdio>

static const char *const lexicon[12] = {
    "the house stands near river with many old trees and they walk there every evening",
    "das Haus steht nahe am Fluss mit vielen alten und sie gehen dort jeden Abend hin",
    "la maison se trouve au bord de avec beaucoup vieux arbres ils marchent chaque soir",
    "la casa est\u00e1 cerca del r\u00edo con muchos \u00e1rboles viejos ellos caminan cada tarde all\u00ed",
    "dom stoi blisko rzeki gdzie jest wiele starych drzew oni chodz\u0105 tam ka\u017cdego wieczoru",
    "\u0434\u043e\u043c \u0441\u0442\u043e\u0438\u0442 \u0440\u044f\u0434\u043e\u043c \u0441 \u0440\u0435\u043a\u043e\u0439 \u0438 \u043e\u043d\u0438 \u0433\u0443\u043b\u044f\u044e\u0442 \u0442\u0430\u043c \u043a\u0430\u0436\u0434\u044b\u0439 \u0432\u0435\u0447\u0435\u0440",
    "\u03c4\u03bf \u03c3\u03c0\u03af\u03c4\u03b9 \u03b5\u03af\u03bd\u03b1\u03b9 \u03ba\u03bf\u03bd\u03c4\u03ac \u03c3\u03c4\u03bf \u03c0\u03bf\u03c4\u03ac\u03bc\u03b9 \u03ba\u03b1\u03b9 \u03c0\u03bf\u03bb\u03bb\u03ac \u03b4\u03ad\u03bd\u03c4\u03c1\u03b1",
    "huset st\u00e5r n\u00e4ra \u00e5n med m\u00e5nga gamla tr\u00e4d och de g\u00e5r d\u00e4r varje kv\u00e4ll",
    "a h\u00e1z k\u00f6zel \u00e1ll foly\u00f3hoz sok \u00f6reg f\u00e1val \u00e9s \u0151k minden este ott s\u00e9t\u00e1lnak",
    "ev nehrin yan\u0131nda \u00e7ok eski a\u011fa\u00e7larla duruyor ve her ak\u015fam orada y\u00fcr\u00fcyorlar",
    "\u5bb6\u5728 \u6cb3\u8fb9 \u6709 \u5f88\u591a \u8001\u6811 \u4ed6\u4eec \u6bcf\u5929 \u665a\u4e0a \u6563\u6b65 \u90a3\u91cc",
    "\u0627\u0644\u0628\u064a\u062a \u0642\u0631\u064a\u0628 \u0645\u0646 \u0627\u0644\u0646\u0647\u0631 \u0645\u0639 \u0623\u0634\u062c\u0627\u0631 \u0643\u062b\u064a\u0631\u0629 \u0648\u0647\u0645 \u064a\u0645\u0634\u0648\u0646 \u0647\u0646\u0627\u0643"};

int main(int argc, char **argv) {
    unsigned s = argc > 1 ? strtoul(argv[1], nullptr, 0) : 5, sum = 0;
    int paragraphs = argc > 2 ? atoi(argv[2]) : 20, words = argc > 3 ? atoi(argv[3]) : 40;
    for (int p = 0; p < paragraphs; p++) {
        std::string text;
        for (int w = 0; w < words; w++) {
            s ^= s << 13, s ^= s >> 17, s ^= s << 5;
            // Mostly one language, with some words of the next.
            std::string line = lexicon[(p + (w > words * 3 / 4)) % 12];
            size_t from = line.find(' ', s % (line.size() - 12));
            if (from == std::string::npos)
                from = 0;
            text += line.substr(from, line.find(' ', from + 1) - from);
            if (s >> 28 == 0)
                text += s >> 27 & 1 ? " <b>&amp;" : ". ";
        }
        CLD2::Language top[3];
        int percent[3], bytes;
        bool reliable;
        CLD2::Language best = CLD2::DetectLanguageSummary(text.data(), text.size(), p % 5 != 4, top,
            percent, &bytes, &reliable);
        sum = sum * 31 + best * 7 + percent[0] * 3 + percent[1] + bytes + reliable;
    }
    printf("checksum %08x\n", sum);
    return 0;
}
