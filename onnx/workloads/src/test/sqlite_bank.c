/* SQLite in memory: tables, indexes, joins, aggregates, updates, text search.
 * args: rows scenario(0 mixed, 1 lookups and updates, 2 analytics) */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned digest;

static int each(void *unused, int n, char **value, char **name) {
    (void)unused, (void)name;
    for (int i = 0; i < n; i++)
        for (const char *c = value[i] ? value[i] : "-"; *c; c++)
            digest = (digest ^ (unsigned char)*c) * 16777619u;
    return 0;
}

static void must(sqlite3 *db, const char *sql) {
    char *why = NULL;
    if (sqlite3_exec(db, sql, each, NULL, &why) != SQLITE_OK) {
        printf("%s: %s\n", sql, why);
        exit(1);
    }
}

static void load(sqlite3 *db, int rows) {
    sqlite3_stmt *put;
    must(db, "create table account(id integer primary key, owner text, city text, balance real);"
             "create table transfer(src int, dst int, amount int, note text);");
    must(db, "begin");
    sqlite3_prepare_v2(db, "insert into account values(?1, ?2, ?3, ?4)", -1, &put, NULL);
    static const char *const city[] = {"Bern", "Oslo", "Porto", "Graz", "Turku", "Lviv", "Cork"};
    long mlcg = 20220;
    for (int i = 1; i <= rows; i++) {
        char owner[24];
        mlcg = mlcg * 16807 % 2147483647;
        snprintf(owner, sizeof owner, "%c%lx", 'A' + (char)(mlcg % 26), mlcg >> 9);
        sqlite3_bind_int(put, 1, i);
        sqlite3_bind_text(put, 2, owner, -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(put, 3, city[mlcg % 7], -1, SQLITE_STATIC);
        sqlite3_bind_double(put, 4, (double)(mlcg % 100000) / 100);
        sqlite3_step(put);
        sqlite3_reset(put);
    }
    sqlite3_finalize(put);
    sqlite3_prepare_v2(db, "insert into transfer values(?1, ?2, ?3, ?4)", -1, &put, NULL);
    for (int i = 0; i < rows * 2; i++) {
        mlcg = mlcg * 16807 % 2147483647;
        sqlite3_bind_int64(put, 1, 1 + mlcg % rows);
        sqlite3_bind_int64(put, 2, 1 + mlcg / 7 % rows);
        sqlite3_bind_int64(put, 3, mlcg % 997);
        sqlite3_bind_text(put, 4, mlcg % 3 ? "rent and food" : "salary", -1, SQLITE_STATIC);
        sqlite3_step(put);
        sqlite3_reset(put);
    }
    sqlite3_finalize(put);
    must(db, "commit; create index by_src on transfer(src, amount);");
}

static void lookups(sqlite3 *db, int rows) {
    sqlite3_stmt *get, *set;
    sqlite3_prepare_v2(db, "select balance, (select sum(amount) from transfer where src = id)"
                           " from account where id = ?1", -1, &get, NULL);
    sqlite3_prepare_v2(db, "update account set balance = balance + ?2 where id = ?1", -1, &set,
                       NULL);
    for (int i = 0; i < rows; i++) {
        sqlite3_bind_int(get, 1, 1 + i * 7919 % rows);
        if (sqlite3_step(get) == SQLITE_ROW)
            digest = digest * 31 + (unsigned)sqlite3_column_int(get, 1);
        sqlite3_reset(get);
        sqlite3_bind_int(set, 1, 1 + i * 104729 % rows);
        sqlite3_bind_int(set, 2, i % 50 - 20);
        sqlite3_step(set);
        sqlite3_reset(set);
    }
    sqlite3_finalize(get);
    sqlite3_finalize(set);
}

int main(int argc, char **argv) {
    int rows = argc > 1 ? atoi(argv[1]) : 100, scenario = argc > 2 ? atoi(argv[2]) : 0;
    sqlite3 *db;
    if (sqlite3_open(":memory:", &db) != SQLITE_OK)
        return 1;
    load(db, rows);
    if (scenario != 2)
        lookups(db, rows);
    if (scenario != 1) {
        must(db, "select city, count(*), round(avg(balance), 2), max(owner) from account"
                 " group by city order by 2 desc, 1;");
        must(db, "select a.owner, b.city, t.amount from transfer t join account a on a.id = t.src"
                 " join account b on b.id = t.dst where t.amount > 900 order by t.amount limit 20;");
        must(db, "with recursive f(n, a, b) as (values(1, 0, 1) union all"
                 " select n + 1, b, (a + b) % 10007 from f where n < 60) select sum(a) from f;");
        must(db, "select upper(substr(note, 1, 4)), sum(amount) from transfer"
                 " where note like '%food%' group by src % 5;");
        must(db, "delete from transfer where src in (select id from account where city = 'Oslo');"
                 "select count(*) from transfer;");
    }
    sqlite3_close(db);
    printf("checksum %08x\n", digest);
    return 0;
}
