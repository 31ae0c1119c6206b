import '@fontsource/noto-sans-sc/400.css';
import '@fontsource/noto-sans-sc/600.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { LanguageProvider } from './language.tsx';
import { RouteProvider } from './route.tsx';
import { AccountProvider } from './sign-in/account.tsx';
import { Site } from './site.tsx';
import './styles.css';

createRoot(document.getElementById('app') as HTMLElement).render(
  <StrictMode>
    <LanguageProvider>
      <AccountProvider>
        <RouteProvider>
          <Site />
        </RouteProvider>
      </AccountProvider>
    </LanguageProvider>
  </StrictMode>,
);
