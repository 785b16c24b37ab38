# Targets for packagers; the top Makefile includes this file. Variables: PREFIX, DESTDIR, LIBDIR,
# BUILD (folder of the release build), STRIP.
export PREFIX DESTDIR LIBDIR BUILD STRIP

install:
	packaging/install.sh

uninstall:
	packaging/uninstall.sh

tarball:
	packaging/tarball.sh

.PHONY: install uninstall tarball
