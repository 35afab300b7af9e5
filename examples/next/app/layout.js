import "./style.css";

export const metadata = { title: "A coffee for four", icons: "data:," };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
