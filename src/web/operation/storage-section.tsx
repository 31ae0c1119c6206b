import { Button } from 'antd';
import { useEffect, useState } from 'react';
import { Part } from '../account/account-parts.tsx';
import { getJson } from '../api-client.ts';
import { useText } from '../language.tsx';
import { logTexts } from '../log/log-texts.ts';
import { sizeText } from '../measures.ts';
import { Row } from '../report-parts.tsx';
import { Refusal } from '../sign-in/sign-in-parts.tsx';
import { texts } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { type Orphans, orphansSchema, type PlatformStorage, storageSchema } from './operation-answers.ts';
import { operationTexts } from './operation-texts.ts';

/** How much is kept, how much more can be, and what nothing mentions. */
export function StorageSection() {
  const t = useText();
  const { error, run } = useAction();
  const [kept, setKept] = useState<PlatformStorage | undefined>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: once
  useEffect(() => {
    run(async () => setKept(await getJson('/platform/storage', storageSchema)));
  }, []);
  return (
    <>
      <p>{t(operationTexts.storageLead)}</p>
      <Refusal title={operationTexts.unavailable} error={error} />
      {kept === undefined && error === undefined && <p role="status">{t(texts.loading)}</p>}
      {kept !== undefined && (
        <Part title={operationTexts.storage}>
          <dl className="facts">
            <Row label={logTexts.originals}>
              {kept.originals} · {sizeText(kept.originalBytes)}
            </Row>
            <Row label={logTexts.previews}>
              {kept.previews} · {sizeText(kept.previewBytes)}
            </Row>
            <Row label={operationTexts.openUploads}>
              {kept.openUploads} · {sizeText(kept.openUploadBytes)}
            </Row>
            <Row label={logTexts.database}>{sizeText(kept.databaseBytes)}</Row>
            <Row label={operationTexts.free}>
              {kept.freeBytes === null ? t(operationTexts.freeUnknown) : sizeText(kept.freeBytes)}
            </Row>
          </dl>
        </Part>
      )}
      <OrphansPart />
    </>
  );
}

function OrphansPart() {
  const t = useText();
  const { busy, error, run } = useAction();
  const [found, setFound] = useState<Orphans | undefined>();
  return (
    <Part title={operationTexts.orphans} lead={operationTexts.orphansLead}>
      <Button
        loading={busy}
        onClick={() => run(async () => setFound(await getJson('/platform/storage/orphans', orphansSchema)))}
      >
        {t(operationTexts.countOrphans)}
      </Button>
      <p role="status">
        {found !== undefined && `${t(operationTexts.counted)}: ${found.objects} / ${found.orphans}. `}
        {found?.isWhole === false && t(operationTexts.countedPart)}
      </p>
      <Refusal title={operationTexts.notDone} error={error} />
    </Part>
  );
}
