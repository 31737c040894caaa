// A chart as small as a word: how much came and how much of it failed.
import type { ReactNode } from "react";

const WIDTH = 96;
const HEIGHT = 22;

export interface SparkPoint {
  good: number;
  bad: number;
}

export function Spark(props: { points: readonly SparkPoint[]; label: string }): ReactNode {
  const { points } = props;
  const most = Math.max(1, ...points.map((point) => point.good + point.bad));
  const step = WIDTH / Math.max(1, points.length);
  return (
    <svg
      className="spark"
      role="img"
      aria-label={props.label}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
    >
      {points.map((point, at) => (
        <Bar key={at} x={at * step} width={step * 0.75} {...heights(point, most)} />
      ))}
    </svg>
  );
}

function Bar(props: { x: number; width: number; good: number; bad: number }): ReactNode {
  const { x, width, good, bad } = props;
  return (
    <>
      <rect className="good" x={x} width={width} y={HEIGHT - good} height={good} />
      <rect className="bad" x={x} width={width} y={HEIGHT - good - bad} height={bad} />
    </>
  );
}

/** Anything that failed is seen, however much went well. */
function heights(point: SparkPoint, most: number): SparkPoint {
  const scale = (count: number): number => (count === 0 ? 0 : Math.max(2, (count / most) * HEIGHT));
  const bad = scale(point.bad);
  return { good: Math.min(scale(point.good), HEIGHT - bad), bad };
}
