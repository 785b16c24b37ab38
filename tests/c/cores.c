/* A list of cores in place of a model: estimates that split by cause. */
#include "check.h"

int main(void) {
    static const char *list = "[mine]\nlike = \"cortex-a72-like\"\nrob = 192\n"
                              "[other]\nlike = \"rocket-like\"\n";
    FILE *file = fopen("cores.toml", "w");
    CHECK(file && fputs(list, file) >= 0 && fclose(file) == 0);
    perfvec_model *model;
    perfvec_microarchs *table;
    perfvec_model_info info;
    info.struct_size = sizeof info;
    OK(perfvec_model_load("cores.toml", PERFVEC_BACKEND_AUTO, &model));
    OK(perfvec_model_get_info(model, &info));
    CHECK(info.features == 2 && info.representation == 2 * PERFVEC_STACK_PARTS);
    OK(perfvec_microarchs_load("cores.toml", &table));
    CHECK(perfvec_microarchs_count(table) == 2);

    perfvec_session *session = make_session(model);
    uint32_t id[3];
    size_t count = 0, needed = 0;
    perfvec_estimate e[2];
    double stacks[2 * PERFVEC_STACK_PARTS];
    intern_loop(session, id);
    feed(session, id, 0, 30000);
    OK(perfvec_session_sync(session));
    OK(perfvec_session_estimate_all(session, table, e, 2, &count));
    CHECK(count == 2 && e[0].cycles >= 29999 / 3 && e[1].cycles > e[0].cycles);
    OK(perfvec_session_stacks(session, table, NULL, 0, &needed));
    CHECK(needed == 2 * PERFVEC_STACK_PARTS);
    FAILS(perfvec_session_stacks(session, table, stacks, needed - 1, NULL),
          PERFVEC_ERR_INVALID_ARGUMENT, "22");
    OK(perfvec_session_stacks(session, table, stacks, needed, NULL));
    for (int k = 0; k < 2; k++) {
        double sum = 0;
        for (size_t p = 0; p < PERFVEC_STACK_PARTS; p++)
            sum += stacks[k * PERFVEC_STACK_PARTS + p];
        CHECK(sum == e[k].cycles);
    }
    double errors[2];
    OK(perfvec_session_errors(session, table, errors, 2, &count));
    CHECK(count == 2 && errors[0] > 0.005 && errors[0] < 0.5 && errors[1] > 0.005);
    CHECK(strcmp(perfvec_microarchs_stack_part(0), "base") == 0);
    CHECK(strcmp(perfvec_microarchs_stack_part(PERFVEC_STACK_PARTS - 1), "store") == 0);
    CHECK(perfvec_microarchs_stack_part(PERFVEC_STACK_PARTS) == NULL);
    perfvec_session_free(session);

    /* A list that names no rules follows those of the process. */
    perfvec_model *stock;
    perfvec_model_info other;
    other.struct_size = sizeof other;
    OK(perfvec_rules_set("gem5-stock"));
    OK(perfvec_model_load("cores.toml", PERFVEC_BACKEND_AUTO, &stock));
    OK(perfvec_model_get_info(stock, &other));
    CHECK(strcmp(other.id, info.id) != 0);
    perfvec_model_free(stock);
    FAILS(perfvec_rules_set("gem6"), PERFVEC_ERR_INVALID_ARGUMENT, "\"gem5-stock\"");
    OK(perfvec_rules_set("gem5"));
    OK(perfvec_model_load("cores.toml", PERFVEC_BACKEND_AUTO, &stock));
    OK(perfvec_model_get_info(stock, &other));
    CHECK(strcmp(other.id, info.id) == 0);
    perfvec_model_free(stock);

    /* A foundation model does not tell causes apart, and its table is another one. */
    perfvec_model *learned = load_model();
    perfvec_microarchs *learned_table = load_table();
    session = make_session(learned);
    FAILS(perfvec_session_stacks(session, learned_table, stacks, needed, NULL),
          PERFVEC_ERR_NOT_FOUND, "by cause");
    FAILS(perfvec_session_errors(session, learned_table, errors, 2, NULL), PERFVEC_ERR_NOT_FOUND,
          "by cause");
    FAILS(perfvec_session_stacks(session, table, stacks, needed, NULL), PERFVEC_ERR_MISMATCH,
          "model");
    perfvec_session_free(session);

    /* Mistakes name the file, the core and the fix. */
    file = fopen("cores.toml", "w");
    CHECK(file && fputs("[mine]\nlike = \"cortex-a72-like\"\nrobb = 1\n", file) >= 0);
    CHECK(fclose(file) == 0);
    FAILS(perfvec_model_load("cores.toml", PERFVEC_BACKEND_AUTO, &model),
          PERFVEC_ERR_INVALID_ARGUMENT, "cores.toml: core mine: \"robb\" is not a parameter");
    perfvec_microarchs_free(learned_table);
    perfvec_model_free(learned);
    perfvec_microarchs_free(table);
    perfvec_model_free(model);
    return 0;
}
