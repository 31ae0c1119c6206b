import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { LanguageProvider, LanguageSwitch } from './language.tsx';
import { OfflineTitle } from './verify/offline-title.tsx';
import { ownDigest } from './verify/own-digest.ts';
import './styles.css';
import { VerifyPage } from './verify/verify-page.tsx';

// Before anything is rendered: afterwards the document is no longer what was loaded.
const toolDigest = ownDigest();

createRoot(document.getElementById('app') as HTMLElement).render(
  <StrictMode>
    <LanguageProvider>
      <header className="site-header no-print">
        <OfflineTitle />
        <LanguageSwitch />
      </header>
      <main id="content">
        <VerifyPage shape="report" toolDigest={toolDigest} />
      </main>
    </LanguageProvider>
  </StrictMode>,
);
