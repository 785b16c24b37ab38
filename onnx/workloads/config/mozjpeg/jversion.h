#define JCOPYRIGHT ""
#define JCOPYRIGHT_SHORT ""
#define JVERSION "vendored"
