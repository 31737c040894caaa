// A few numbers that say the most.
import type { ReactNode } from "react";
import type { Tone } from "./Badge";

export interface Tile {
  label: string;
  value: ReactNode;
  note?: ReactNode;
  tone?: Tone | undefined;
}

export function Tiles(props: { tiles: readonly Tile[] }): ReactNode {
  return (
    <dl className="tiles">
      {props.tiles.map((tile) => (
        <div key={tile.label} className="tile">
          <dt>{tile.label}</dt>
          <dd className={tile.tone === undefined ? "tile-value" : `tile-value ${tile.tone}`}>
            {tile.value}
          </dd>
          {tile.note === undefined ? null : <dd className="hint">{tile.note}</dd>}
        </div>
      ))}
    </dl>
  );
}
