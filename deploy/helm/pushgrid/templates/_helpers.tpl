{{- define "pushgrid.name" -}}
{{- if contains "pushgrid" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-pushgrid" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "pushgrid.selector" -}}
app.kubernetes.io/name: pushgrid
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "pushgrid.labels" -}}
{{ include "pushgrid.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "pushgrid.secret" -}}
{{ .Values.secrets.existing | default (include "pushgrid.name" .) }}
{{- end }}

{{/* The pod of a role. Takes the root, the role, its values, its port, and how long a stop may take beyond preStop. */}}
{{- define "pushgrid.pod" -}}
{{- $root := .root }}
metadata:
  labels:
    {{- include "pushgrid.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .role }}
  annotations:
    {{- if not $root.Values.secrets.existing }}
    checksum/secret: {{ include (print $root.Template.BasePath "/secret.yaml") $root | sha256sum }}
    {{- end }}
    {{- with .values.annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: {{ add $root.Values.preStopSeconds .stopSeconds 5 }}
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets: {{ toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    seccompProfile: { type: RuntimeDefault }
  containers:
    - name: {{ .role }}
      image: "{{ $root.Values.image.repository }}:{{ $root.Values.image.tag | default $root.Chart.AppVersion }}"
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: [{{ .role }}]
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: { drop: [ALL] }
      env:
        - name: PUSHGRID_HOST
          value: 0.0.0.0
        - name: PUSHGRID_PUBLIC_URL
          value: {{ required "publicUrl is needed: the origin of endpoint URLs, such as https://push.example.org" $root.Values.publicUrl | quote }}
        - name: PUSHGRID_SERVICE_KEYS_FILE
          value: /etc/pushgrid/service-keys
        - name: PUSHGRID_NATS_URL_FILE
          value: /etc/pushgrid/nats-url
        - name: PUSHGRID_MONGODB_URL
          valueFrom: { secretKeyRef: { name: {{ include "pushgrid.secret" $root }}, key: mongodb-url } }
        - name: PUSHGRID_STOP_MS
          value: {{ mul $root.Values.stopSeconds 1000 | quote }}
        {{- if eq .role "node" }}
        - name: PUSHGRID_DRAIN_MS
          value: {{ mul .values.drainSeconds 1000 | quote }}
        {{- end }}
        {{- range $name, $value := merge (deepCopy .values.options) $root.Values.options }}
        - name: {{ $name }}
          value: {{ $value | toString | quote }}
        {{- end }}
      ports:
        - name: http
          containerPort: {{ .port }}
      startupProbe:
        httpGet: { path: /__lbheartbeat__, port: http }
        periodSeconds: 1
        failureThreshold: 60
      # Not /__heartbeat__: without the database connected browsers still get their messages, and taking all pods away would end that.
      readinessProbe:
        httpGet: { path: /__lbheartbeat__, port: http }
        periodSeconds: 2
      livenessProbe:
        httpGet: { path: /__lbheartbeat__, port: http }
        periodSeconds: 10
        timeoutSeconds: 5
        # A process that stops says 503 here, and is not to be killed for it.
        failureThreshold: {{ add 3 (div .stopSeconds 10) }}
      lifecycle:
        preStop:
          exec:
            # There is no shell in the image.
            command: [/usr/local/bin/node, -e, "setTimeout(() => {}, {{ mul $root.Values.preStopSeconds 1000 }})"]
      resources: {{ toYaml .values.resources | nindent 8 }}
      volumeMounts:
        - name: secrets
          mountPath: /etc/pushgrid
          readOnly: true
  volumes:
    - name: secrets
      secret:
        secretName: {{ include "pushgrid.secret" $root }}
        defaultMode: 0440
        items:
          - { key: service-keys, path: service-keys }
          - { key: nats-url, path: nats-url }
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "pushgrid.selector" $root | nindent 10 }}
          app.kubernetes.io/component: {{ .role }}
  {{- with .values.nodeSelector }}
  nodeSelector: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.tolerations }}
  tolerations: {{ toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
