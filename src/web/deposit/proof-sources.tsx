import { Button } from 'antd';
import type { DepositDetail } from '../api-answers.ts';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { saveBlob } from '../save-blob.ts';
import { alarmText, chainStateTexts, texts } from '../texts.ts';
import type { CertificateFacts } from './certificate-facts.ts';
import { standingTexts } from './standing-texts.ts';

/** Chains, tokens, calendars and witnesses: one line each, none standing for another. */
export function ProofSources({ deposit, facts }: { deposit: DepositDetail; facts: CertificateFacts | undefined }) {
  const t = useText();
  const later = <span className="hint">{t(standingTexts.afterCertificate)}</span>;
  const { opentimestamps } = deposit;
  return (
    <section className="card" aria-labelledby="sources-title">
      <h2 id="sources-title">{t(standingTexts.sources)}</h2>
      <p className="hint">{t(standingTexts.sourcesLead)}</p>
      <table className="sources">
        <thead>
          <tr>
            <th scope="col">{t(standingTexts.kind)}</th>
            <th scope="col">{t(standingTexts.source)}</th>
            <th scope="col">{t(standingTexts.state)}</th>
          </tr>
        </thead>
        <tbody>
          {chainsOf(deposit).map(({ chain, state, since, blockHash, trouble }) => (
            <tr key={chain} data-source={chain}>
              <td>{t(standingTexts.chain)}</td>
              <td className="wrap-anywhere">
                {chain}
                {blockHash !== null && (
                  <div className="hint">
                    {t(texts.blockNumber)} {blockHash}
                  </div>
                )}
              </td>
              <td>
                {t(chainStateTexts[state])}
                {since !== null && <div className="hint">{beijingTime(since)}</div>}
                {trouble !== null && <div>{t(alarmText(trouble))}</div>}
              </td>
            </tr>
          ))}
          {facts?.tokens.map((token, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the certificate's own order, which never changes
            <tr key={i} data-source="token">
              <td>{t(standingTexts.token)}</td>
              <td className="wrap-anywhere">{token.authority ?? t(texts.notProvided)}</td>
              <td>
                {t(standingTexts.inCertificate)}
                {token.at !== null && <div className="hint">{beijingTime(token.at)}</div>}
                <Button
                  size="small"
                  onClick={() => saveBlob(new Blob([token.der]), `${deposit.certificate?.certificateNo}-${i + 1}.tst`)}
                >
                  {t(standingTexts.tokenDownload)}
                </Button>
              </td>
            </tr>
          ))}
          {(facts === undefined || facts.tokens.length === 0) && (
            <tr>
              <td>{t(standingTexts.token)}</td>
              <td>–</td>
              <td>{facts === undefined ? later : t(standingTexts.noToken)}</td>
            </tr>
          )}
          <tr data-source="calendar">
            <td>{t(standingTexts.calendar)}</td>
            <td>Bitcoin</td>
            <td>
              {t(
                opentimestamps === null
                  ? standingTexts.notStamped
                  : opentimestamps === 'complete'
                    ? standingTexts.bitcoinComplete
                    : standingTexts.bitcoinWaits,
              )}
            </td>
          </tr>
          {facts?.witnesses.map((name) => (
            <tr key={name} data-source="witness">
              <td>{t(standingTexts.witness)}</td>
              <td className="wrap-anywhere">{name}</td>
              <td>{t(standingTexts.inCertificate)}</td>
            </tr>
          ))}
          {(facts === undefined || facts.witnesses.length === 0) && (
            <tr>
              <td>{t(standingTexts.witness)}</td>
              <td>–</td>
              <td>{facts === undefined ? later : t(standingTexts.noWitness)}</td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  );
}

/** What the service lists; a service that lists none has the one anchor. */
function chainsOf({ chains, anchor }: DepositDetail) {
  if (chains.length > 0 || anchor === null) return chains;
  return [{ ...anchor, trouble: null }];
}
