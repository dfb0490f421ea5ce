/** Finds the columns of Parquet files that are all 0, from their footers. */

/** SQL for the names of these columns; `files` is a list of paths as SQL. Columns without statistics are not named. */
export function zeroColumnsSql(files: string): string {
  return `SELECT path_in_schema AS name FROM parquet_metadata(${files}) GROUP BY name
    HAVING count(*) = count(stats_min_value) AND count(*) = count(stats_max_value)
      AND bool_and(stats_min_value = '0' AND stats_max_value = '0')`
}
