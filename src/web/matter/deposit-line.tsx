import { useText } from '../language.tsx';
import { Link } from '../route.tsx';
import { matterTexts } from './matter-texts.ts';
import { depositOf, type MatterView } from './matter-view.ts';

/** A deposit that the matter names, by title, number and certificate. */
export function DepositLine({ view, depositId }: { view: MatterView; depositId: string }) {
  const t = useText();
  const deposit = depositOf(view, depositId);
  return (
    <>
      <Link to={`/deposits/${depositId}`}>{deposit?.title ?? t(matterTexts.untitled)}</Link>{' '}
      <span className="hint">
        {t(matterTexts.depositNo)} {deposit?.depositNo ?? '–'} ·{' '}
        {deposit?.certificateNo == null
          ? t(matterTexts.noCertificate)
          : `${t(matterTexts.certificateNo)} ${deposit.certificateNo}`}
      </span>
    </>
  );
}
