/** What is told of the archive's files in SQL. */

/** Of files, the columns that are 0 throughout, as far as the footers say. */
export function zerosSql(files: string): string {
  return `SELECT path_in_schema AS name FROM parquet_metadata(${files}) GROUP BY name
    HAVING count(*) = count(stats_min_value) AND count(*) = count(stats_max_value)
      AND bool_and(stats_min_value = '0' AND stats_max_value = '0')`
}
