/** A text as an SQL literal: for file names, which come only from manifests or from this code. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
