// A table that becomes a list of cards on a narrow screen. The roles are written out, because a
// browser forgets those of a table that is laid out otherwise.
import type { ReactNode } from "react";

export interface Column<Row> {
  header: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand to the right. */
  align?: "end";
  /** Takes what room is left, and is cut off there. */
  grow?: boolean;
}

export function Table<Row>(props: {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** A row that has just come. */
  isNew?: (row: Row) => boolean;
}): ReactNode {
  return (
    <div className="table-frame">
      <table role="table" aria-label={props.label} className="table">
        <thead role="rowgroup">
          <tr role="row">
            {props.columns.map((column) => (
              <th key={column.header} role="columnheader" scope="col" className={className(column)}>
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {props.rows.map((row) => (
            <tr
              key={props.rowKey(row)}
              role="row"
              className={props.isNew?.(row) ? "new" : undefined}
            >
              {props.columns.map((column) => (
                <td
                  key={column.header}
                  role="cell"
                  data-label={column.header}
                  className={className(column)}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function className<Row>(column: Column<Row>): string | undefined {
  const names = [column.align === "end" ? "end" : "", column.grow ? "grow" : ""].filter(Boolean);
  return names.length === 0 ? undefined : names.join(" ");
}
