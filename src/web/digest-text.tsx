/** A digest in groups of eight for the eye; copied, it has no gaps. */
export function DigestText({ hex }: { hex: string }) {
  const groups = hex.match(/.{1,8}/g) ?? [];
  return (
    <code className="digest">
      {groups.map((group, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: equal groups differ only by their place
        <span key={i}>{group}</span>
      ))}
    </code>
  );
}
