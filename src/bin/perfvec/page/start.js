theme();
shapes[data.kind]();
footer();
