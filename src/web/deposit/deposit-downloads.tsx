import type { DepositDetail } from '../api-answers.ts';
import { DownloadLink } from '../download-link.tsx';
import { useText } from '../language.tsx';
import { texts } from '../texts.ts';

/** What a deposit's owner or reader takes home, a list item each. What is not there yet says so. */

const PARTS = {
  'certificate.pdf': { ending: 'pdf', label: texts.downloadCertificatePdf },
  'certificate.json': { ending: 'json', label: texts.downloadCertificateJson },
  'package.zip': { ending: 'zip', label: texts.downloadPackage },
} as const;

interface CertifiedDownloadsProps {
  deposit: DepositDetail;
  /** In the order shown. The package is left out where the reader may not export. */
  parts: readonly (keyof typeof PARTS)[];
}

export function CertifiedDownloads({ deposit, parts }: CertifiedDownloadsProps) {
  const t = useText();
  const { certificate, depositId, may } = deposit;
  const offered = parts.filter((part) => part !== 'package.zip' || may.includes('deposit.export'));
  return offered.map((part) => {
    const { ending, label } = PARTS[part];
    return (
      <li key={part}>
        {certificate === null ? (
          `${t(label)}: ${t(texts.downloadLater)}`
        ) : (
          <DownloadLink
            path={`/deposits/${depositId}/${part}`}
            fileName={`${certificate.certificateNo}.${ending}`}
            label={label}
          />
        )}
      </li>
    );
  });
}

export function ReceiptDownload({ deposit: { depositId, leafIndex } }: { deposit: DepositDetail }) {
  const t = useText();
  return (
    <li>
      {leafIndex === null ? (
        `${t(texts.downloadReceipt)}: ${t(texts.statusWaiting)}`
      ) : (
        <DownloadLink
          path={`/deposits/${depositId}/receipt.json`}
          fileName={`receipt-${depositId}.json`}
          label={texts.downloadReceipt}
        />
      )}
    </li>
  );
}
